"""Ended incidents as articles: what happened, why, what was done and proven; the same each time, without secrets."""

import json
from pathlib import Path

from incident_commander.domain.base import ServiceName
from incident_commander.domain.memory import Cause
from incident_commander.response.knowledge import Article, articles, write
from incident_commander.response.remembering import LocalMemory

from ..cli.test_mistakes import run
from ..store.databases import Home
from .serving import begun, commander, ended, post

LABELS = {
    "alertname": "Bearer abcdefghijklm~nopqrstu of ops@example.com",
    "service": "<b>checkout</b>",
    "severity": "critical",
}


async def test_a_resolved_incident_is_an_article_with_cause_action_and_proof(home: Home) -> None:
    async with commander(home) as serving:
        practice = await serving.operations.start_scenario("memory_leak", 3)
        record = await ended(serving, await begun(serving, practice.id, "detect"))
        (found,), forgotten = await articles(serving.database, "practice")
        assert await articles(serving.database, "live") == ((), frozenset())
    assert (found.name, forgotten) == (f"{record.incident.id}.md", frozenset())
    assert record.diagnosis is not None
    lead = record.diagnosis.hypotheses[0]
    assert "A practice run, simulated." in found.text
    for part in ("## Symptoms", "## Cause", "## What was done", "## Proof", "## Learned"):
        assert part in found.text
    assert f"memory leak of {lead.service}, " in found.text
    assert "   - for: " in found.text
    assert "Carried out once" in found.text
    assert found.text.count(": met: ") == sum(outcome.met for outcome in record.check_outcomes) > 0


async def test_text_from_outside_is_masked_and_no_markup(home: Home) -> None:
    async with commander(home) as serving:
        (incident,) = await post(serving, LABELS)
        await ended(serving, incident)
        (found,), _ = await articles(serving.database, "live")
    assert "A real incident." in found.text
    assert "[EMAIL_1]" in found.text.replace("\\", "")
    assert "ops@example.com" not in found.text
    # Markdown escapes the tilde, and would have cut the token in two.
    assert "[TOKEN_1]" in found.text.replace("\\", "")
    assert "nopqrstu" not in found.text
    assert "<b>" not in found.text


async def test_a_person_s_word_stands_above_and_what_is_forgotten_is_left_out(home: Home) -> None:
    async with commander(home) as serving:
        practice = await serving.operations.start_scenario("memory_leak", 3)
        incident = (await ended(serving, await begun(serving, practice.id, "detect"))).incident.id
        memory = LocalMemory(serving.database, "own")
        await memory.correct(
            incident, Cause(service=ServiceName("orders"), fault="overload"), "Ada", "the heap was flat"
        )
        (found,), _ = await articles(serving.database, "practice")
        await memory.forget(incident, "Ada", "a drill")
        left, forgotten = await articles(serving.database, "practice")
    assert "A person corrected what is said below: overload of orders. the heap was flat" in found.text
    assert "Ada" not in found.text
    assert (left, forgotten) == ((), frozenset({found.name}))


def test_a_folder_is_written_once_and_what_was_forgotten_is_taken_out(tmp_path: Path) -> None:
    one, two = Article("inc-1.md", "# One\n"), Article("inc-2.md", "# Two\n")
    folder = tmp_path / "made" / "here"
    assert write(folder, [one, two], frozenset()).new == ("inc-1.md", "inc-2.md")
    assert write(folder, [one, two], frozenset()).same == ("inc-1.md", "inc-2.md")
    again = write(folder, [Article("inc-1.md", "# Otherwise\n")], frozenset({"inc-2.md", "inc-3.md"}))
    assert (again.changed, again.gone) == (("inc-1.md",), ("inc-2.md",))
    assert [path.name for path in folder.iterdir()] == ["inc-1.md"]


def test_a_file_that_is_none_of_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("ours")
    write(tmp_path, [Article("inc-1.md", "# One\n")], frozenset({"inc-9.md"}))
    assert (tmp_path / "README.md").read_text() == "ours"


def test_the_command_exports_and_says_how_many(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    done = run(tmp_path, "knowledge", "export")
    assert (done.returncode, done.stdout) == (
        0,
        "knowledge: 0 new, 0 changed, 0 the same, 0 taken out, of real incidents\n",
    )


def test_without_a_database_or_a_folder_the_command_says_so(tmp_path: Path) -> None:
    assert "there is no database in" in run(tmp_path, "knowledge", "export").stderr
    assert run(tmp_path, "migrate").returncode == 0
    (tmp_path / "file").write_text(json.dumps({}))
    done = run(tmp_path, "knowledge", "export", "file/under")
    assert done.returncode == 2
    assert "name another folder" in done.stderr
