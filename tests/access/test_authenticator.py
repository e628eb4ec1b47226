"""Who shows the token is an operator under the name given, for as long as that token is the one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from incident_commander.access import Attempts, Authenticator, KeptToken, TooManyAttempts, Unauthenticated
from incident_commander.access.attempts import CLIENT_BURST

HERE = "127.0.0.1"


@pytest.fixture
def kept(tmp_path: Path) -> KeptToken:
    return KeptToken(tmp_path)


@pytest.fixture
def authenticator(kept: KeptToken) -> Authenticator:
    return Authenticator(kept, Attempts())


def test_whoever_shows_the_token_is_an_operator_until_another_is_made(
    kept: KeptToken, authenticator: Authenticator
) -> None:
    operator = authenticator.authenticate(kept.make(), "  Ada Lovelace ", HERE)
    assert operator.name == "Ada Lovelace"
    assert authenticator.holds(operator)
    kept.make()
    assert not authenticator.holds(operator)
    kept.path.unlink()
    assert not authenticator.holds(operator)


@pytest.mark.parametrize("name", ["Ada", "a" * 64, "\u0416\u0435\u043d\u044f", "on-call #3"])
def test_a_name_is_printable(kept: KeptToken, authenticator: Authenticator, name: str) -> None:
    assert authenticator.authenticate(kept.make(), name, HERE).name == name


@pytest.mark.parametrize("name", ["", "   ", "a" * 65, "Ada\nLovelace", "\x1b[31mAda", "ada\u202e"])
def test_another_name_is_refused(kept: KeptToken, authenticator: Authenticator, name: str) -> None:
    with pytest.raises(Unauthenticated, match="gives a name") as refusal:
        authenticator.authenticate(kept.make(), name, HERE)
    assert refusal.value.field == "operator"


CHANGES: list[Callable[[str], str]] = [
    str.upper,
    lambda token: token[:-1],
    lambda token: token + "x" * 300,
    lambda token: "\ud800",
]


@pytest.mark.parametrize("change", CHANGES)
def test_another_token_is_refused(kept: KeptToken, authenticator: Authenticator, change: Callable[[str], str]) -> None:
    with pytest.raises(Unauthenticated, match="not the operator token"):
        authenticator.authenticate(change(kept.make()), "Ada", HERE)


def test_no_token_is_no_try(kept: KeptToken, authenticator: Authenticator) -> None:
    token = kept.make()
    for _ in range(CLIENT_BURST + 1):
        with pytest.raises(Unauthenticated, match="needs the operator token"):
            authenticator.authenticate("", "Ada", HERE)
    assert authenticator.authenticate(token, "Ada", HERE)


def test_without_a_token_nobody_is_an_operator_and_the_remedy_is_told(authenticator: Authenticator) -> None:
    with pytest.raises(Unauthenticated, match="no operator token yet") as refusal:
        authenticator.authenticate("anything", "Ada", HERE)
    assert "operator-token --new" in refusal.value.remedy


def test_after_too_many_wrong_tokens_the_right_one_is_not_looked_at_either(
    kept: KeptToken, authenticator: Authenticator
) -> None:
    token = kept.make()
    for _ in range(CLIENT_BURST):
        with pytest.raises(Unauthenticated):
            authenticator.authenticate("wrong", "Ada", HERE)
    with pytest.raises(TooManyAttempts, match="try again in"):
        authenticator.authenticate(token, "Ada", HERE)
    assert authenticator.authenticate(token, "Ada", "192.0.2.7")
