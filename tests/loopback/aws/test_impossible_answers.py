"""What no description of a service allows, and whatever stands between us and it may send: the answer is local."""

from pathlib import Path

import pytest

from incident_commander.aws import Aws
from incident_commander.aws.errors import MOST_TOLD
from incident_commander.store import Database

from .front import Front
from .protocol import Refusal
from .services import CASES, QUERY, Asking, Case, Services
from .thinking import ASKED, INCIDENT, thinking

pytestmark = pytest.mark.loopback
DEEP = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
OF_JSON = [case for case in CASES if case.name not in ("embed", "tell an agent")]
"""Those whose answer is one JSON; the others stream."""
SPOKEN = b'"output": {"message": {"role": "assistant", "content": [{"text": "It ended."}]}}, "stopReason": "end_turn"'


@pytest.fixture
def asking(front: Front, once: Aws, database: Database, tmp_path: Path) -> Asking:
    Services(front)
    return Asking(thinking(once, database), once, tmp_path)


@pytest.mark.parametrize("case", OF_JSON, ids=[case.name for case in OF_JSON])
async def test_json_too_deep_to_read_is_an_error_like_any_other(asking: Asking, front: Front, case: Case) -> None:
    front.send(case.call, DEEP)
    answer = await case.ask(asking)
    assert answer.provenance.source == "local"
    failed, _ = await asking.at.used()
    assert "cannot be read" in failed.error


@pytest.mark.parametrize("units", ["-5", "1" + "0" * 30, "Infinity", "NaN"])
async def test_units_that_cannot_be_are_not_paid(asking: Asking, front: Front, units: str) -> None:
    applied = f'{{"action": "NONE", "usage": {{"contentPolicyUnits": {units}}}, "outputs": [], "assessments": []}}'
    front.send("bedrock-runtime:ApplyGuardrail", applied.encode())
    answer = await asking.guarding().check(ASKED, QUERY, "input")
    assert answer.provenance.source == "local"
    assert await asking.at.ledger.of_incident(INCIDENT) == 0


@pytest.mark.parametrize("tokens", [b"-5", b"1" + b"0" * 30, b"Infinity", b"NaN"])
async def test_tokens_that_cannot_be_are_not_paid(asking: Asking, front: Front, tokens: bytes) -> None:
    counted = b'"usage": {"inputTokens": ' + tokens + b', "outputTokens": 1, "totalTokens": 1}'
    front.send("bedrock-runtime:Converse", b"{" + SPOKEN + b", " + counted + b"}")
    answer = await asking.at.opinions().draft(ASKED, "A paragraph.", {"facts": "none"}, "ours")
    assert (answer.value.text, answer.provenance.source) == ("ours", "local")
    assert await asking.at.ledger.of_incident(INCIDENT) == 0


async def test_a_vector_of_more_tokens_than_there_can_be_is_none(asking: Asking, front: Front) -> None:
    numbers = b", ".join([b"0.5"] * 256)
    front.send(
        "bedrock-runtime:InvokeModel", b'{"embedding": [' + numbers + b'], "inputTextTokenCount": 1%s}' % (b"0" * 30)
    )
    answer = await asking.embedding().embed(ASKED, [QUERY])
    assert answer.provenance.source == "local"


@pytest.mark.parametrize("when", ["1e30", "-1e18", '"0001-01-01T00:00:00+14:00"'])
async def test_a_document_of_no_time_is_no_source(asking: Asking, front: Front, when: str) -> None:
    said = f'{{"systemMessage": "x", "sourceAttributions": [{{"title": "t", "updatedAt": {when}}}]}}'
    front.send("qbusiness:ChatSync", said.encode())
    answer = await asking.organisation().ask(ASKED, QUERY)
    assert answer.provenance.source == "local"


async def test_half_a_character_becomes_the_sign_for_it_so_that_a_ledger_takes_it(asking: Asking, front: Front) -> None:
    front.send(
        "bedrock-agent-runtime:Retrieve", rb'{"retrievalResults": [{"content": {"text": "a\ud800b \ud83d\ude00"}}]}'
    )
    answer = await asking.base().retrieve(ASKED, QUERY, 5)
    assert answer.provenance.source == "loopback"
    assert answer.value[0].text == "a\N{REPLACEMENT CHARACTER}b \N{GRINNING FACE}"
    assert answer.value[0].model_dump_json()


async def test_an_error_is_told_in_so_many_words(asking: Asking, front: Front) -> None:
    Services(front).say("Retrieve", Refusal("ValidationException", "no " * 100_000, 400))
    await asking.base().retrieve(ASKED, QUERY, 5)
    failed, _ = await asking.at.used()
    assert len(failed.error) < MOST_TOLD + 300


async def test_a_draft_as_long_as_a_book_is_none(asking: Asking, front: Front) -> None:
    told = b'"usage": {"inputTokens": 9, "outputTokens": 1, "totalTokens": 10}'
    front.send(
        "bedrock-runtime:Converse", b"{" + SPOKEN.replace(b"It ended.", b"It ended. " * 100_000) + b", " + told + b"}"
    )
    answer = await asking.at.opinions().draft(ASKED, "A paragraph.", {"facts": "none"}, "ours")
    assert (answer.value.text, answer.provenance.source) == ("ours", "local")


async def test_a_draft_steers_no_terminal(asking: Asking, front: Front) -> None:
    told = b'"usage": {"inputTokens": 9, "outputTokens": 1, "totalTokens": 10}'
    steering = SPOKEN.replace(b"It ended.", rb"It \u001b[m\u202eended.\nAll is well.")
    front.send("bedrock-runtime:Converse", b"{" + steering + b", " + told + b"}")
    answer = await asking.at.opinions().draft(ASKED, "A paragraph.", {"facts": "none"}, "ours")
    assert (answer.value.text, answer.provenance.source) == ("It  [m ended.\nAll is well.", "loopback")
