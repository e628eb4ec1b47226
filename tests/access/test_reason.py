"""A reason is what the ledger can keep and a person can read."""

import pytest

from incident_commander.access.reason import LONGEST_REASON, BadReason, reason_of


@pytest.mark.parametrize(
    "written",
    ["we deploy by hand today", "  two\nlines ", "\u043f\u043e\u0442\u043e\u043c\u0443", "x" * LONGEST_REASON],
)
def test_a_reason_is_kept_without_the_blanks_around_it(written: str) -> None:
    assert reason_of(written) == written.strip()


@pytest.mark.parametrize("written", ["", " \n ", "x" * (LONGEST_REASON + 1), "\x1b[2J", "\x00", "\ud800", "a\u202eb"])
def test_anything_else_is_refused_with_what_to_do(written: str) -> None:
    with pytest.raises(BadReason, match=r"say why|shorten it|plain words"):
        reason_of(written)


def test_where_none_is_required_it_may_be_empty() -> None:
    assert reason_of(" ", required=False) == ""
