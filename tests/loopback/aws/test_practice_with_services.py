"""A practice incident from its first alarm to what is learned of it, with every AI service of AWS on loopback."""

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from pydantic import TypeAdapter

from incident_commander.api.incidents import IncidentPage, Timeline
from incident_commander.domain.base import IncidentId
from incident_commander.domain.usage import Usage
from incident_commander.response.record import IncidentRecord
from incident_commander.store import Database

from ...running import REPOSITORY, wait_until
from ..installation import installation
from . import minds as said
from .client import REGION
from .front import Front, front_of
from .minds import Minds
from .protocol import Answer
from .services import APPLICATION, MEMORY, Services, guarded

pytestmark = [pytest.mark.loopback, pytest.mark.timeout(300)]
EVERY_SERVICE = {
    "IC_AI": "aws",
    "IC_AI_PRACTICE": "true",
    "IC_AI_REGION": REGION,
    "IC_AI_GUARDRAIL": "gr1:3",
    "IC_KNOWLEDGE_BASE_ID": "KB12345678",
    "Q_BUSINESS_APP_ID": APPLICATION,
    "IC_AGENTCORE_MEMORY_ID": MEMORY,
}
SCENARIO, SEED = "memory_leak", 3
ASKED_AT_THE_START = ("sts:", "bedrock:")
"""Who we are, and which models there are: nothing is reasoned about there, and nothing bought."""
OBJECT = TypeAdapter(dict[str, object])


def begun(url: str) -> str:
    """The address of a practice run that is begun."""
    answer = httpx.post(f"{url}/api/incidents/demo", json={"scenario": SCENARIO, "seed": SEED}, timeout=60)
    return f"{url}/api/practice/{OBJECT.validate_python(answer.raise_for_status().json())['run_id']}"


def seen_to_the_end(folder: Path, settings: Mapping[str, str]) -> tuple[IncidentRecord, tuple[Usage, ...]]:
    """The incident of a practice run, with all that its usage ledger holds."""
    with installation(folder, **settings) as url:
        at = begun(url)
        report = wait_until(lambda: ended(at), 240, "the end of the practice run")
        incident = IncidentId(str(report["incident_id"]))
        page = IncidentPage.model_validate(httpx.get(f"{url}/api/incidents", timeout=30).json())
        (found,) = page.incidents
        told = httpx.get(f"{url}/api/incidents/{incident}/timeline", timeout=30)
        events = Timeline.model_validate(told.raise_for_status().json()).events
    return IncidentRecord(found, events), asyncio.run(ledger(folder / "data", incident))


def ended(at: str) -> dict[str, object] | None:
    """The report, once there is one."""
    answer = httpx.get(at, timeout=30)
    return OBJECT.validate_python(answer.json()) if answer.status_code == 200 else None


async def ledger(data: Path, incident: IncidentId) -> tuple[Usage, ...]:
    """What the usage ledger holds of an incident."""
    database = Database(f"sqlite:///{data / 'incident-commander.db'}", data / "keys" / "ledger.pem")
    await database.open()
    try:
        async with database.read() as unit:
            return await unit.usage.of(incident)
    finally:
        await database.close()


def everybody_answers(front: Front) -> tuple[Minds, Services]:
    """Every service with a good answer."""
    services, minds = Services(front), Minds(front)
    minds.always("nova-micro", said.form({"severity": "HIGH"}))
    minds.always("nova-lite", said.form({"category": "Application", "reasoning": "its memory is used up"}))
    suspicion = {"service": "accounts", "fault": "memory_leak", "reason": "its memory is used up"}
    minds.always("nova-pro", said.form({"suspicions": [suspicion], "next_question": "since which version?"}))
    minds.say(
        "claude-sonnet",
        said.form({"service": "accounts"}, tool="metrics"),
        said.form({"suspicions": [suspicion], "summary": "its memory grows until it is restarted"}),
    )
    minds.always(
        "claude-haiku", said.words("Memory ran out at accounts. It was restarted, and customers are served again.")
    )
    front.serve("bedrock-runtime", {"ApplyGuardrail": rated})
    return minds, services


def rated(request: dict[str, object]) -> Answer:
    """What a guardrail says that finds nothing wrong and rates grounding where grounds are given."""
    if "grounding_source" not in str(request["content"]):
        return guarded()
    scored = {"type": "GROUNDING", "threshold": 0.7, "score": 0.93, "action": "NONE", "detected": False}
    return guarded(contextualGroundingPolicy={"filters": [scored]})


def documented_calls() -> Counter[str]:
    """The calls an incident, by service, as docs/aws.md has them."""
    rows = [line.strip("| ").split(" | ") for line in (REPOSITORY / "docs" / "aws.md").read_text().splitlines()]
    return Counter({row[0]: int(row[-1]) for row in rows if len(row) == 6 and row[-1].isdigit()})


def test_every_service_is_heard_and_the_ledger_adds_up_to_what_the_server_counted(front: Front, tmp_path: Path) -> None:
    everybody_answers(front)
    record, usage = seen_to_the_end(tmp_path / "app", EVERY_SERVICE)
    assert record.incident.status == "resolved"
    asked = [call for call in front.calls if not call.startswith(ASKED_AT_THE_START)]
    assert len(asked) == sum(each.requests for each in usage)
    bought = [each for each in usage if each.service is not None]
    by_service: Counter[str] = Counter()
    for each in bought:
        by_service[str(each.service)] += each.requests
    assert by_service == documented_calls()
    assert {each.provenance.source for each in bought} == {"loopback"}
    assert not [each.error for each in bought if each.error]
    assert Counter(each.content_digest() for each in record.counsel.usage) == Counter(
        each.content_digest() for each in usage
    )


def test_servers_pulled_in_the_middle_cost_time_and_no_incident(moto: str, front: Front, tmp_path: Path) -> None:
    asked, gone = threading.Event(), threading.Event()
    with front_of(moto) as other:
        minds, _ = everybody_answers(other)

        def embed(body: dict[str, object]) -> object:
            asked.set()
            gone.wait(60)
            return []

        minds.embeds = embed

        def pull() -> None:
            asked.wait(240)
            other.pull()
            gone.set()

        pulling = threading.Thread(target=pull)
        pulling.start()
        record, usage = seen_to_the_end(tmp_path / "app", {**EVERY_SERVICE, "AWS_ENDPOINT_URL": other.url})
        pulling.join()
    assert record.incident.status == "resolved"
    tasks = {each.task: each for each in usage}
    assert tasks["classify"].service == "Nova"
    late = [tasks[task] for task in ("match", "draft", "remember")]
    assert all(each.service is None and each.fell_back for each in late)
    assert sum((each.cost.usd or Decimal(0) for each in usage if each.at > late[0].at), Decimal(0)) == 0
