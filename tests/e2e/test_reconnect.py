"""A server that dies and comes back: an open page says so, and goes on by itself."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Viewer
from tests.e2e.test_pages import alert_body

pytestmark = pytest.mark.e2e


def test_a_page_says_that_its_server_is_gone_and_goes_on_when_it_is_back(viewer: Viewer, server: Server) -> None:
    before, after = f"Before{uuid4()}", f"After{uuid4()}"
    page = viewer.open("/ops")
    server.post("/api/alerts/alertmanager", alert_body(before, "crash-service"))
    expect(page.locator("#incidents li").filter(has_text=before).first).to_be_visible()
    server.kill()
    connection = page.locator("#connection")
    expect(connection).to_have_attribute("data-state", "error")
    expect(connection).to_contain_text("what is shown may be old")
    expect(page.locator("#latency")).to_have_count(0)
    expect(page.locator("#incidents li").filter(has_text=before).first).to_be_visible()
    server.start()
    expect(connection).to_have_attribute("data-state", "live")
    expect(page.locator("#incidents li").filter(has_text=before).first).to_be_visible()
    server.post("/api/alerts/alertmanager", alert_body(after, "another-service"))
    expect(page.locator("#incidents li").filter(has_text=after).first).to_be_visible()
