"""The bad-input sweep: whatever is sent, as the OpenAPI document asks or not, is answered as that document says."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from incident_commander.store import Database
from tests.api.acting import ACTING
from tests.api.test_api import PracticeOperations, api_over
from tests.running import REPOSITORY, ProcessGroup, free_port

EXAMPLES = 200
MANY_EXAMPLES = 1_000
START_SECONDS = 60.0
BEYOND_A_SCHEMA: list[CheckFunction] = [positive_data_acceptance, negative_data_rejection]
"""Not asked for: some rules, such as which scenarios there are, cannot be said in a schema, and the good alerts of a
post are taken even when others in it are not what the schema says."""
_SUPPRESSED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


DOCUMENT = schemathesis.openapi.from_dict(
    api_over(Database("sqlite+aiosqlite://", Path()), PracticeOperations()).openapi()
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the doors are served."""
    folder = tmp_path_factory.mktemp("doors")
    port = free_port()
    command: list[str | Path] = [
        Path(sys.executable).with_name("granian"),
        *("--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        "tests.api.doors:application",
    ]
    env = {**os.environ, "IC_DATA_DIR": str(folder / "data")}
    with ProcessGroup(command, log=folder / "log", cwd=REPOSITORY, env=env) as group:
        url = f"http://127.0.0.1:{port}"
        group.wait_until(lambda: httpx.get(f"{url}/health").status_code == 200, START_SECONDS, "the doors")
        yield url


@DOCUMENT.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=_SUPPRESSED)
def test_every_answer_is_one_that_the_document_names(case: schemathesis.Case[Any], url: str) -> None:
    case.call_and_validate(base_url=url, headers=ACTING, timeout=30, excluded_checks=BEYOND_A_SCHEMA)


@pytest.mark.full
@pytest.mark.timeout(3600)
@DOCUMENT.parametrize()
@settings(max_examples=MANY_EXAMPLES, deadline=None, suppress_health_check=_SUPPRESSED)
def test_every_answer_of_a_long_sweep_is_one_that_the_document_names(case: schemathesis.Case[Any], url: str) -> None:
    case.call_and_validate(base_url=url, headers=ACTING, timeout=30, excluded_checks=BEYOND_A_SCHEMA)
