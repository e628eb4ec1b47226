"""Each page is served while what the others need is broken, and says what is wrong where it needs that itself."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from incident_commander.domain.settings import RECORDINGS
from tests.e2e.conftest import Server, Viewer
from tests.running import wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def stopped(server: Server) -> Iterator[Server]:
    """The session's server, stopped, to be started in a worse world; as it was again at the end."""
    server.stop()
    yield server
    server.stop()
    server.start()


def alert_body(name: str) -> dict[str, object]:
    labels = {"alertname": name, "service": f"independent-{uuid4()}", "severity": "critical"}
    alert = {"status": "firing", "labels": labels, "annotations": {}, "startsAt": datetime.now(UTC).isoformat()}
    return {"version": "4", "status": "firing", "alerts": [alert]}


def run_demo(page: Page, scenario: str, seed: int) -> None:
    page.locator(f"[data-scenario={scenario}]").click()
    expect(page.locator(f"[data-scenario={scenario}] input")).to_be_checked()
    page.get_by_label("Seed").fill(str(seed))
    page.get_by_role("button", name="Run", exact=True).click()


@pytest.mark.timeout(400)
def test_demo_and_transparency_need_no_store_and_operations_say_what_is_wrong_until_it_is_mended(
    stopped: Server, viewer: Viewer, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"this is no database " * 500)
    stopped.start(IC_DATABASE_URL=f"sqlite:///{damaged}")

    demo = viewer.open("/demo")
    run_demo(demo, "memory_leak", 2)
    expect(demo.locator("#demo-progress")).to_be_visible()
    expect(demo.locator("#demo-progress")).to_be_hidden(timeout=90_000)
    expect(demo.locator(".demo-shown")).to_be_visible()
    expect(demo.locator("#demo-problem")).to_be_hidden()

    why = viewer.open("/transparency?recording=memory_leak-3&tab=decisions")
    why.get_by_role("button", name="Verify", exact=True).click()
    expect(why.locator("#proof")).to_contain_text("holds")

    operations = viewer.open("/ops", hydrated=False)
    expect(operations.get_by_role("heading", name="The response is not running")).to_be_visible()
    expect(operations.get_by_role("alert")).to_contain_text("database")
    refused = stopped.post("/api/alerts/alertmanager", alert_body("TooEarly"))
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert stopped.get("/health").json()["status"] == "degraded"

    damaged.unlink()
    name = f"AfterAll{uuid4()}"
    wait_until(
        lambda: stopped.post("/api/alerts/alertmanager", alert_body(name)).is_success, 60, "an alert that is taken"
    )
    expect(operations.locator("#incidents li").filter(has_text=name).first).to_be_visible()
    expect(operations.locator("#connection")).to_have_attribute("data-state", "live")
    assert viewer.errors == []


@pytest.mark.timeout(400)
def test_operations_need_no_recordings_and_no_demo_runs(stopped: Server, viewer: Viewer, tmp_path: Path) -> None:
    whole = (RECORDINGS / "memory_leak-3.json").read_text("utf-8")
    (tmp_path / "truncated.json").write_text(whole[: len(whole) // 2], "utf-8")
    (tmp_path / "newer.json").write_text(json.dumps({"format": 999}), "utf-8")
    stopped.start(IC_RECORDINGS_DIR=str(tmp_path))

    why = viewer.open("/transparency")
    expect(why.locator("main")).to_contain_text("truncated")
    expect(why.locator("main")).to_contain_text("cut off")
    expect(why.locator("main")).to_contain_text("newer than")

    demo = viewer.open("/demo")
    run_demo(demo, "memory_leak", 40404)
    os.killpg(wait_until(_demo_run, 30, "the process of a demo run"), signal.SIGKILL)
    expect(demo.locator("#demo-problem")).to_contain_text("SIGKILL")
    expect(demo.get_by_role("button", name="Run", exact=True)).to_be_enabled()

    operations = viewer.open("/ops")
    name = f"Alone{uuid4()}"
    assert stopped.post("/api/alerts/alertmanager", alert_body(name)).is_success
    expect(operations.locator("#incidents li").filter(has_text=name).first).to_be_visible()
    assert viewer.errors == []


def test_a_run_of_the_demo_stays_with_its_viewer(server: Server, viewer: Viewer) -> None:
    before = server.get("/api/incidents").json()["total"]
    other = viewer.open("/demo")
    mine = viewer.open("/demo")
    run_demo(mine, "api_overload", 2)
    expect(mine.locator("#demo-progress")).to_be_visible()
    expect(mine.locator("#demo-progress")).to_be_hidden(timeout=90_000)
    expect(mine.locator(".demo-shown")).to_be_visible()
    expect(other.locator("#demo-progress")).to_be_hidden()
    assert server.get("/api/incidents").json()["total"] == before
    assert viewer.errors == []


def _demo_run() -> int | None:
    """The process group of the run of this test, once it is under way."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if {b"record", b"memory_leak", b"40404"} <= set(command.read_bytes().split(b"\0")):
                return os.getpgid(int(command.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return None
