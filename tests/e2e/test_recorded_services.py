"""Recordings with the AI services on /transparency: every badge says where its service really was."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from incident_commander.response.recording import Recording, load_recording
from tests.e2e.conftest import Server, Viewer
from tests.loopback.aws.all_services import all_services, settings_of
from tests.loopback.aws.test_practice_with_services import SCENARIO, SEED
from tests.ui.recorded import FILES

pytestmark = [pytest.mark.e2e, pytest.mark.loopback, pytest.mark.timeout(400)]
NAME = f"{SCENARIO}-{SEED}"


@pytest.fixture(scope="module")
def recorded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """One recording with every service on loopback, and the session's server showing it; as it was at the end."""
    folder = tmp_path_factory.mktemp("recorded")
    command = [sys.executable, "-m", "incident_commander", "record-scenarios", "--with", "aws"]
    with all_services() as front:
        subprocess.run(
            [*command, "--only", SCENARIO, "--seed", str(SEED), "--folder", str(folder)],
            env={**os.environ, **settings_of(front)},
            check=True,
            timeout=240,
        )
    server.stop()
    server.start(IC_RECORDINGS_DIR=str(folder))
    yield load_recording(folder / f"{NAME}.json")
    server.stop()
    server.start()


def test_no_shipped_recording_has_a_badge_of_a_service(server: Server, viewer: Viewer) -> None:
    for file in FILES:
        page = viewer.open(f"/transparency?recording={file.stem}&tab=services")
        expect(page.locator(".tab[data-tab=services]")).to_contain_text("No AI service was asked in this run")
        expect(page.locator("#label")).to_contain_text("No language model was asked")
        expect(page.locator("[data-service]")).to_have_count(0)
        page.close()
    assert viewer.errors == []


@pytest.mark.parametrize("width", [1440, 390])
def test_every_badge_says_loopback_and_every_call_what_it_took(viewer: Viewer, recorded: Recording, width: int) -> None:
    assert recorded.record is not None
    counsel = recorded.record.counsel
    page = viewer.open(f"/transparency?recording={NAME}&tab=services", width=width)
    calls = page.locator("#calls li")
    expect(calls).to_have_count(len(counsel.usage))
    badges = page.locator("#label [data-service]")
    expect(badges).to_have_count(len({each.service for each in counsel.usage if each.service}))
    sources = page.locator("[data-service] .provenance-source, .tab .provenance-source").all_text_contents()
    assert set(sources) == {"loopback"}
    for usage in counsel.usage:
        expect(page.locator("#calls")).to_contain_text(usage.request_id.split(" ")[0])
    again = sum(usage.cached for usage in counsel.usage)
    assert again > 0
    expect(calls.filter(has_text="told again from what was kept")).to_have_count(again)
    assert counsel.draft is not None
    expect(page.locator("#answers [data-insight=draft]")).to_contain_text(counsel.draft.text)
    expect(page.locator(".card-services")).to_contain_text("(loopback)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert viewer.errors == []


def test_the_draft_is_told_to_people_with_whose_words_it_is(viewer: Viewer, recorded: Recording) -> None:
    page = viewer.open(f"/transparency?recording={NAME}&tab=communication")
    expect(page.locator("#messages")).to_contain_text("Drafted by Claude (loopback)")
    assert viewer.errors == []
