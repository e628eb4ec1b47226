"""What is found among documents here: those that share words with what is looked for, the rarer the better."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from incident_commander.domain.reasoning import Passage
from incident_commander.reasoning.library import best, runbooks


def passage(title: str, text: str) -> Passage:
    return Passage(title=title, text=text)


DOCUMENTS = [
    passage("pools", "the connection pool of a database is exhausted"),
    passage("disks", "the disk of a database is full"),
    passage("certificates", "the certificate of the edge has expired"),
]


def test_the_document_with_the_rarer_words_comes_first() -> None:
    found = best("database disk", DOCUMENTS, 5)
    assert [each.title for each in found] == ["disks", "pools"]
    assert found[0].score is not None
    assert found[1].score is not None
    assert found[0].score > found[1].score > 0


def test_nothing_is_found_where_no_word_is_shared() -> None:
    assert best("zebra", DOCUMENTS, 5) == ()
    assert best("zebra", [], 5) == ()
    assert best("zebra", [passage("", "12 !?")], 5) == ()


@given(st.text(), st.lists(st.text(), max_size=5), st.integers(1, 3))
def test_whatever_is_asked_no_more_than_the_limit_is_found_in_falling_order(
    query: str, texts: list[str], limit: int
) -> None:
    found = best(query, [passage("t", text) for text in texts], limit)
    scores = [each.score or 0 for each in found]
    assert len(found) <= limit
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_runbooks_are_their_sections_with_file_and_heading(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "pools.md").write_text(
        "Intro.\n\n# Full\n\nFind who holds it.\n\n## Empty\n\n# Leak\n\nRestart.\n"
    )
    (tmp_path / "notes.txt").write_text("# Not a runbook\n\ntext")
    assert runbooks(tmp_path) == (
        Passage(title="pools", text="Intro.", where="db/pools.md"),
        Passage(title="pools: Full", text="Find who holds it.", where="db/pools.md"),
        Passage(title="pools: Leak", text="Restart.", where="db/pools.md"),
    )


def test_a_folder_that_is_named_as_a_runbook_is_none(tmp_path: Path) -> None:
    (tmp_path / "archive.md").mkdir()
    (tmp_path / "archive.md" / "pools.md").write_text("# Pools\n\nRaise it.\n")
    assert [each.where for each in runbooks(tmp_path)] == ["archive.md/pools.md"]
