"""What the documents tell a newcomer to send is taken as it stands there."""

import re
from datetime import UTC, datetime

import pytest

from ..api.test_api import Served, served
from ..running import REPOSITORY

__all__ = ["served"]

_CURL = re.compile(r"^curl -sS http://127\.0\.0\.1:8000(\S+)([^\n]*?) -d '(.*?\n\})'$", re.DOTALL | re.MULTILINE)
_NOW = """'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"""
SHOWN = [
    (document, found[1], found[2], found[3])
    for document in ("README.md", "docs/doors.md")
    for found in _CURL.finditer((REPOSITORY / document).read_text())
]


def test_the_documents_show_what_to_send() -> None:
    assert {route for _, route, _, _ in SHOWN} >= {
        "/api/alerts/alertmanager", "/v2/enqueue", "/v2/change/enqueue", "/api/alerts/generic",
    }  # fmt: skip


@pytest.mark.parametrize(("document", "route", "options", "body"), SHOWN)
async def test_what_is_shown_is_taken(served: Served, document: str, route: str, options: str, body: str) -> None:
    headers = dict(re.findall(r"-H '([^:]+): ([^']+)'", options))
    content = body.replace(_NOW, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    answer = await served.client.post(route, content=content, headers=headers)
    assert answer.is_success, answer.text
    assert "rejected" not in answer.json() or answer.json()["rejected"] == []
