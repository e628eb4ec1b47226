"""What a change did is told from its diff in a few words."""

from datetime import UTC, datetime

import pytest

from incident_commander.domain.telemetry import Change
from incident_commander.response.diff_text import what_it_did


def change(diff: str) -> Change:
    return Change(
        at=datetime(2026, 3, 2, tzinfo=UTC), service=None, kind="commit", reference="feed", summary="", detail=diff
    )


@pytest.mark.parametrize(
    ("diff", "told"),
    [
        ("@@ a.yaml @@\n pool:\n-  max_conns: 50\n+  max_conns: 10", "max_conns 50 -> 10"),
        ("-x := 1\n+x := 2", "x 1 -> 2"),
        ("-\tdefer rows.Close()\n \treturn nil", "without defer rows.Close()"),
        ("+cache[key] = value", "with cache[key] = value"),
        ("-// a comment\n+// another\n-import os\n+}", ""),
        ("-import a\n-f()\n+f()", ""),
        ("--- a/x.py\n+++ b/x.py\n-    f()", "without f()"),
        ("", ""),
    ],
)
def test_edits_are_told_as_values_that_changed_lines_that_went_and_lines_that_came(diff: str, told: str) -> None:
    assert what_it_did(change(diff)) == told


def test_a_long_diff_is_told_by_its_three_most_telling_edits() -> None:
    told = what_it_did(change("-a: 1\n+a: 2\n" + "\n".join(f"-call_{n}({'x' * 100})" for n in range(9))))
    assert told.count(";") == 2
    assert told.startswith("a 1 -> 2; without call_0(")
    assert len(told) < 200
