"""Every route that is not open asks for the operator token before anything else, and records the name given with it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from incident_commander import api
from incident_commander.access import Attempts, Authenticator, KeptToken
from incident_commander.access.attempts import CLIENT_BURST

from ..store.databases import opened
from .acting import ACTING, patient_authenticator
from .test_api import PracticeOperations, Served, api_over, assert_refused, client_of, served

__all__ = ["served"]
OPEN = {
    ("POST", "/api/alerts/alertmanager"),
    ("POST", "/api/v2/alerts"),
    ("POST", "/api/alerts/generic"),
    ("POST", "/api/alerts/sns"),
    ("POST", "/api/alerts/eventbridge"),
    ("POST", "/v2/enqueue"),
    ("POST", "/v2/change/enqueue"),
    ("POST", "/api/incidents/demo"),
}
"""What changes something and needs no token: alerts and changes come from machines, and a practice run is anybody's."""
STRANGERS: tuple[dict[str, str], ...] = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YWRhOmFkYQ=="})
SIGNED = {("POST", "/api/slack/actions")}
"""What is believed by a signature instead; see test_slack.py."""


def guarded(app: FastAPI) -> set[tuple[str, str]]:
    """Every route that may change something and is not known to be open."""
    routes = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations.keys() - {"get", "head", "options", "parameters"}
    }
    assert routes >= OPEN | SIGNED
    return routes - OPEN - SIGNED


def address(path: str) -> str:
    """A path with something in place of its parameters."""
    known = {"incident_id": "inc-1", "voter": "diagnosis", "action": "restart"}
    return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], path)


async def test_without_the_token_no_guarded_route_does_anything(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        operations = PracticeOperations()
        app = api_over(database, operations, patient_authenticator())
        routes = guarded(app)
        async with client_of(app) as client:
            for method, path in sorted(routes):
                for headers in STRANGERS:
                    answer = await client.request(method, address(path), headers=headers, json={})
                    assert "token" in assert_refused(answer, 401, "token")["remedy"]
    assert operations.acts == []
    assert ("POST", "/api/incidents/{incident_id}/approval") in routes
    assert ("POST", "/api/practice/reset") in routes


async def test_every_guarded_route_tells_in_the_document_that_it_asks_for_the_token(served: Served) -> None:
    paths = served.app.openapi()["paths"]
    for method, path in guarded(served.app):
        operation = paths[path][method.lower()]
        assert operation["security"] == [{"operator": []}], path
        assert {"401", "429"} <= set(operation["responses"]), path


async def test_a_name_is_asked_for_with_the_token(served: Served) -> None:
    token = {"Authorization": ACTING["Authorization"]}
    for name in (None, "", "x" * 65):
        headers = token if name is None else {**token, "Incident-Commander-Operator": name}
        answer = await served.client.post("/api/practice/reset", headers=headers)
        assert_refused(answer, 401, "operator")
    latin, utf8 = (_named("J\u00f6rg".encode(encoding)) for encoding in ("latin-1", "utf-8"))
    assert_refused(await served.client.post("/api/practice/reset", headers=latin), 401, "Incident-Commander-Operator")
    assert served.operations.acts == []
    assert (await served.client.post("/api/practice/reset", headers=utf8)).status_code == 204
    assert served.operations.acts == [("reset_practice",)]


def _named(name: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"Authorization", ACTING["Authorization"].encode()), (b"Incident-Commander-Operator", name)]


async def test_a_refusal_says_how_to_show_the_token_and_shows_none(served: Served) -> None:
    answer = await served.client.post("/api/practice/reset", headers={"Authorization": "Bearer my-own-guess"})
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "my-own-guess" not in answer.text


async def test_a_stranger_is_refused_before_the_body_is_read(served: Served) -> None:
    answer = await served.client.post("/api/incidents/inc-1/approval", content=b"not JSON at all")
    assert_refused(answer, 401, "token")


async def test_after_too_many_wrong_tokens_the_client_is_asked_to_wait(served: Served) -> None:
    for _ in range(CLIENT_BURST):
        await served.client.post("/api/practice/reset", headers={"Authorization": "Bearer wrong"})
    answer = await served.client.post("/api/practice/reset", headers=ACTING)
    assert_refused(answer, 429, "token")
    assert 0 < int(answer.headers["Retry-After"]) <= 6
    assert served.operations.acts == []


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[tuple[KeptToken, httpx.AsyncClient]]:
    """An API whose token is made here."""
    token = KeptToken(tmp_path / "keys")
    async with opened(tmp_path) as database:
        app = api_over(database, PracticeOperations(), Authenticator(token, Attempts()))
        async with client_of(app) as client:
            yield token, client


async def reset_with(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/practice/reset", headers={**ACTING, "Authorization": f"Bearer {token}"})


async def test_another_token_replaces_the_one_before_while_it_serves(
    kept: tuple[KeptToken, httpx.AsyncClient],
) -> None:
    token, client = kept
    first = token.make()
    assert (await reset_with(client, first)).status_code == 204
    second = token.make()
    assert_refused(await reset_with(client, first), 401, "token")
    assert (await reset_with(client, second)).status_code == 204


async def test_without_any_token_the_remedy_is_to_make_one(kept: tuple[KeptToken, httpx.AsyncClient]) -> None:
    token, client = kept
    assert "operator-token --new" in assert_refused(await reset_with(client, "x"), 401, "token")["remedy"]
    token.path.parent.mkdir()
    token.path.write_text("{}")
    assert "operator-token --new" in assert_refused(await reset_with(client, "x"), 503, "token")["problem"]


def test_no_route_is_kept_out_of_the_document_that_these_tests_go_by() -> None:
    for source in Path(api.__file__).parent.glob("*.py"):
        assert "include_in_schema" not in source.read_text(), source.name
