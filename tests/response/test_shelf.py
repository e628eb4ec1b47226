"""The shelf lists what there is, good and bad, and opens what can be played."""

import os
from pathlib import Path

import pytest

from incident_commander.response.recording import MAX_RECORDING_BYTES, Recording, UnreadableRecording, write_recording
from incident_commander.response.shelf import Shelf

from .conftest import SCENARIO, SEED, RealRun


@pytest.fixture
def recording(real_run: RealRun) -> Recording:
    """A real one."""
    return real_run.recording


@pytest.fixture
def folder(tmp_path: Path, recording: Recording) -> Path:
    """One recording among files that are none."""
    shelf = tmp_path / "shelf"
    (shelf / "folder.json").mkdir(parents=True)
    write_recording(recording, shelf / "good.json")
    (shelf / "cut.json").write_bytes((shelf / "good.json").read_bytes()[:5000])
    (shelf / "newer.json").write_text('{"format": 99}')
    (shelf / "notes.txt").write_text("not on the shelf")
    (shelf / "two words.json").write_text("{}")
    (shelf / "huge.json").touch()
    os.truncate(shelf / "huge.json", MAX_RECORDING_BYTES + 1)
    write_recording(recording, tmp_path / "elsewhere.json")
    (shelf / "link.json").symlink_to(tmp_path / "elsewhere.json")
    return shelf


async def test_every_recording_has_a_card_and_a_bad_one_says_why(folder: Path, recording: Recording) -> None:
    cards = {card.name: card for card in await Shelf(folder).cards()}
    problems = {name: card.problem for name, card in cards.items() if card.problem}
    assert problems.keys() == {"cut", "newer", "two words", "huge", "link", "folder"}
    assert "cut off" in problems["cut"]
    assert "update this program" in problems["newer"]
    assert "more than" in problems["huge"]
    good = cards["good"]
    assert (good.title, good.scenario, good.seed) == (recording.title, SCENARIO, SEED)
    assert (good.status, good.verdict) == (recording.report.status, recording.report.verdict)
    assert good.recorded_at == recording.recorded_at


async def test_a_good_one_is_opened(folder: Path, recording: Recording) -> None:
    assert await Shelf(folder).open("good") == recording


@pytest.mark.parametrize("name", ["nope", "link", "folder"])
async def test_one_that_is_not_there_is_refused_with_those_that_are(folder: Path, name: str) -> None:
    with pytest.raises(UnreadableRecording, match=f"there is no recording '{name}'; there are: .*good"):
        await Shelf(folder).open(name)


@pytest.mark.parametrize("name", ["", "../elsewhere", "/etc/passwd", "good.json", "a\x00b", "a" * 101, "good\n"])
async def test_a_name_leads_nowhere_else(folder: Path, name: str) -> None:
    with pytest.raises(UnreadableRecording, match="cannot be a recording's name"):
        await Shelf(folder).open(name)


async def test_a_bad_one_is_refused_with_its_reason(folder: Path) -> None:
    with pytest.raises(UnreadableRecording, match="cut off"):
        await Shelf(folder).open("cut")


async def test_a_file_that_changes_is_read_anew(folder: Path, recording: Recording) -> None:
    shelf = Shelf(folder)
    await shelf.cards()
    other = recording.model_copy(update={"title": "Another title"}).sealed()
    write_recording(other, folder / "good.json")
    write_recording(recording, folder / "cut.json")
    cards = {card.name: card for card in await shelf.cards()}
    assert cards["good"].title == "Another title"
    assert cards["cut"].problem == ""
    assert await shelf.open("good") == other
    (folder / "good.json").unlink()
    assert "good" not in {card.name for card in await shelf.cards()}


async def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert await Shelf(tmp_path / "nowhere").cards() == ()
