"""The operator token: shown once, kept as a hash that only its owner can write, replaced at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_commander.access import KeptToken, SetToken, TokenUnusable, WeakToken, token_source
from incident_commander.access.token import digest_of


def test_a_token_is_kept_as_its_hash_alone_for_its_owner_alone(tmp_path: Path) -> None:
    kept = KeptToken(tmp_path / "keys")
    token = kept.make()
    assert kept.digest() == digest_of(token)
    assert [path.name for path in kept.path.parent.iterdir()] == [kept.path.name]
    assert token not in kept.path.read_text()
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


def test_another_token_takes_the_place_of_the_one_before_for_whoever_reads_it_already(tmp_path: Path) -> None:
    reader = KeptToken(tmp_path)
    first, second = KeptToken(tmp_path).make(), KeptToken(tmp_path).make()
    assert first != second
    assert reader.digest() == digest_of(second)


def test_of_many_first_starts_at_once_one_makes_the_token(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [token for token in pool.map(lambda _: KeptToken(tmp_path).make_first(), range(32)) if token]
    assert len(made) == 1
    assert KeptToken(tmp_path).digest() == digest_of(made[0])
    assert len(list(tmp_path.iterdir())) == 1


def test_before_the_first_start_there_is_none(tmp_path: Path) -> None:
    kept = KeptToken(tmp_path / "nowhere")
    assert (kept.digest(), kept.made_at()) == (None, None)


@pytest.mark.parametrize("text", ["", "{}", "null", '{"sha256": "short", "made_at": "2026-01-31T12:00:00Z"}', "\xff"])
def test_a_file_that_holds_no_hash_is_named_with_its_remedy(tmp_path: Path, text: str) -> None:
    kept = KeptToken(tmp_path)
    kept.path.write_text(text)
    with pytest.raises(TokenUnusable, match=r"does not hold .* `incident-commander operator-token --new`"):
        kept.digest()


def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    kept = KeptToken(tmp_path)
    kept.make()
    kept.path.chmod(0o620)
    with pytest.raises(TokenUnusable, match="may be written by others"):
        kept.digest()


def test_a_token_that_is_set_stands_instead_of_the_one_that_is_kept(tmp_path: Path) -> None:
    made = KeptToken(tmp_path).make()
    assert token_source(SecretStr("a-secret-of-this-length"), tmp_path).digest() == digest_of("a-secret-of-this-length")
    assert token_source(SecretStr(""), tmp_path).digest() == digest_of(made)
    assert token_source(None, tmp_path).digest() == digest_of(made)


@pytest.mark.parametrize(
    "written",
    [
        "short",
        "x" * 19,
        "x" * 257,
        "n\u00f6t-only-ascii-characters",
        "a line\nand another line",
        " padded-with-a-space-here",
    ],
)
def test_a_token_that_is_none_is_refused_without_being_shown(written: str) -> None:
    with pytest.raises(WeakToken) as refusal:
        SetToken(SecretStr(written))
    assert written.strip() not in str(refusal.value)
    assert "IC_OPERATOR_TOKEN" in str(refusal.value)
