"""Updates and the postmortem: what the ledger says, in plain words, and text from outside as text."""

from datetime import timedelta

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents.communication import draft_update, postmortem
from incident_commander.agents.resolution import propose
from incident_commander.domain.base import Digest, JsonObject
from incident_commander.domain.event import Event, EventKind
from incident_commander.domain.findings import Evidence
from incident_commander.domain.provenance import Provenance

from ..consensus.ballot_box import KEYS, ballot, signed
from .shop import CHECKOUT, LEAKING, NOW, OVERLOADED, SEARCH, causes, incident

CATALOGUE = load_catalogue()


class Ledger:
    """Events in the order they were written."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, kind: EventKind, payload: JsonObject, actor: str = "response") -> None:
        number = len(self.events) + 1
        self.events.append(
            Event(
                key=str(number), incident_id=incident().id, kind=kind, actor=actor, clock="simulated",
                occurred_at=NOW + timedelta(seconds=number), payload=payload, sequence=number, recorded_at=NOW,
                previous_hash=Digest("0" * 64), hash=Digest("0" * 64),
            )
        )  # fmt: skip


def resolved() -> Ledger:
    """An overload that was scaled out and came well."""
    ledger = Ledger()
    plans = propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE).plans
    plan = plans[0]
    assert plan.action is not None
    action: JsonObject = plan.action.model_dump(mode="json")
    impact = OVERLOADED.case().impact
    assert impact is not None
    ledger.write("incident.opened", {})
    ledger.write("alert.grouped", {"name": "HighLatency", "reason": "the first alert"}, "ingest")
    ledger.write("diagnosis.made", causes((SEARCH, "overload", 0.9)).model_dump(mode="json"), "diagnosis")
    ledger.write("predictions.made", {"predictions": [], "impact": impact.model_dump(mode="json")}, "prediction")
    ledger.write("plans.proposed", {"plans": [each.model_dump(mode="json") for each in plans]}, "resolution")
    four = ["detection", "diagnosis", "resolution", "communication"]
    certificate: JsonObject = {
        "incident_id": "inc-1", "round": 1, "plan_digest": plan.digest, "ballots": [], "issued_at": NOW.isoformat(),
        "rule": {"n": 5, "f": 1, "required": 4, "weights": dict.fromkeys(KEYS.public_keys, 0.2)},
    }  # fmt: skip
    ledger.write(
        "quorum.reached",
        {"incident_id": "inc-1", "round": 1, "votes": {plan.digest: [*four]}, "abstained": [],
         "missing": ["prediction"], "rejected": [], "certificate": certificate,
         "reason": "4 of 5 voters chose the same plan; 4 are required"},
        "consensus",
    )  # fmt: skip
    checks = [check.model_dump(mode="json") for check in plan.checks]
    ledger.write("checks.registered", {"plan": plan.digest, "checks": [*checks]}, "verification")
    ledger.write(
        "action.received",
        {"idempotency_key": "k", "action": action, "received_at": NOW.isoformat(),
         "completed_at": (NOW + timedelta(seconds=150)).isoformat(), "applied": True, "repeated": False,
         "detail": "3 to 6 instances", "provenance": {"kind": "simulated", "source": "practice company"}},
        "executor",
    )  # fmt: skip
    for check in checks:
        ledger.write(
            "check.judged",
            {"check": check, "met": True, "observed": 44.0, "judged_at": NOW.isoformat(), "reason": "well for 60 s"},
            "verification",
        )
    ledger.write(
        "incident.status_changed", {"from": "open", "to": "resolved", "reason": "its checks are met and no alert fires"}
    )
    return ledger


def test_the_update_about_acting_says_what_by_whom_and_what_would_prove_it() -> None:
    update = draft_update("acting", incident(), resolved().events)
    assert update.subject == "Acting (practice): HighLatency search"
    assert "We scale out search (factor 2), as 4 of 5 voters chose." in update.body
    assert "It can be taken back: scale out search (factor 0.5)." in update.body
    assert "latency_p99_ms of search below" in update.body
    assert "10.0% of customer requests failed" in update.body
    assert (update.delivered_to, update.failures) == ((), ())


def test_the_update_about_a_diagnosis_names_the_cause_and_how_sure_it_is() -> None:
    body = draft_update("diagnosed", incident(), resolved().events).body
    assert body == "The likely cause is overload of search (probability 90%)."


def test_the_last_update_tells_the_status_the_deed_and_the_checks() -> None:
    body = draft_update("fixed", incident(status="resolved"), resolved().events).body
    assert body.startswith("Status resolved: its checks are met and no alert fires.")
    assert "Done: scale out search (factor 2), completed at 10:02:30 UTC." in body
    assert "3 of 3 checks were met." in body
    assert "It lasted 17 min." in body


def test_an_escalation_without_an_action_says_that_nothing_was_done() -> None:
    ledger = Ledger()
    ledger.write("incident.status_changed", {"from": "open", "to": "escalated", "reason": "no quorum"})
    update = draft_update("escalated", incident(status="escalated"), ledger.events)
    assert update.audience == "on_call"
    assert "Nothing was done to any service." in update.body


def test_the_postmortem_tells_the_whole_story_from_the_ledger() -> None:
    told = postmortem(incident(status="resolved"), resolved().events)
    for heading in (
        "Impact",
        "Timeline",
        "Root cause",
        "What was done",
        "Votes",
        "Checks",
        "Predictions",
        "Follow-ups",
    ):
        assert f"## {heading}" in told
    assert "It lasted 17 min and is **resolved**" in told
    assert "10.0% of 100 customer requests a second failed or were too slow" in told
    assert "12.50 USD a minute (assumed, assumptions.toml)" in told
    assert "1. overload of search, probability 90%" in told
    assert "Carried out once, completed at 10:02:30: 3 to 6 instances" in told
    assert told.count(": met: well for 60 s") == 3
    assert "Mend the overload of search for good" in told


def test_of_what_the_ledger_does_not_tell_the_postmortem_says_so() -> None:
    told = postmortem(incident(), [])
    for sentence in (
        "It has not ended", "What customers felt was not measured.", "No diagnosis was made.", "No ballot was cast.",
        "No plan was certified, so nothing was done.", "The ledger holds no event of it.", "None were made.",
    ):  # fmt: skip
        assert sentence in told


def test_text_from_outside_is_shown_as_text() -> None:
    title = "<script>alert(1)</script> [click](javascript:x) `rm` | **bold**\n# heading\x1b[31m"
    told = postmortem(incident().model_copy(update={"title": title}), [])
    first = told.splitlines()[0]
    assert "<script>" not in told
    assert "&lt;script&gt;" in first
    assert "\\[click\\]" in first
    assert "\\*\\*bold\\*\\*" in first
    assert "\x1b" not in told
    assert "\n# heading" not in told
    update = draft_update("opened", incident().model_copy(update={"title": title, "services": (title,)}), [])
    assert "\n" not in update.body
    assert "\x1b" not in update.body
    assert "\n" not in update.subject
    assert "\x1b" not in update.subject


def test_ballots_are_listed_with_their_choice_and_reason() -> None:

    plans = propose(LEAKING.case(), causes((CHECKOUT, "memory_leak", 0.9)), CATALOGUE).plans
    ledger = Ledger()
    ledger.write("plans.proposed", {"plans": [each.model_dump(mode="json") for each in plans]})
    heard = ballot("diagnosis", None, models=("nova",), without_models=plans[0].digest)
    ledger.write("ballot.cast", signed(ballot("detection", plans[0].digest)).model_dump(mode="json"))
    ledger.write("ballot.cast", signed(heard).model_dump(mode="json"))
    told = postmortem(incident(), ledger.events)
    assert "| detection | roll back checkout (direction back, reference 4f2a9c) | 80% | as its evidence says |" in told
    ours = "as its evidence says; heard nova; without: roll back checkout (direction back, reference 4f2a9c)"
    assert f"| diagnosis | abstained | 80% | {ours} |" in told


def stolen() -> Ledger:
    """A diagnosis of stolen credentials with evidence that names where the thief sits."""
    found = causes((CHECKOUT, "credential_compromise", 0.95))
    told = Evidence(
        signal="logs", what="core-db logs calls of svc-checkout from 203.0.113.9", when=NOW, weight=4.0,
        provenance=Provenance(kind="simulated", source="practice company"),
    )  # fmt: skip
    found = found.model_copy(update={"hypotheses": (found.hypotheses[0].model_copy(update={"evidence": (told,)}),)})
    ledger = Ledger()
    ledger.write("diagnosis.made", found.model_dump(mode="json"), "diagnosis")
    return ledger


def test_of_a_break_in_stakeholders_are_told_what_not_to_publish_and_no_address() -> None:
    body = draft_update("diagnosed", incident(), stolen().events).body
    assert body.startswith("The likely cause is stolen credentials of checkout (probability 95%).")
    assert "Logs (1) speak for it." in body
    assert "Not for the public status page" in body
    assert "203.0.113.9" not in body
    assert "203.0.113.9" not in draft_update("fixed", incident(status="resolved"), stolen().events).body


def test_the_postmortem_of_a_break_in_is_marked_confidential_and_asks_what_was_read() -> None:
    told = postmortem(incident(status="resolved"), stolen().events)
    assert told.splitlines()[2].startswith("> Confidential.")
    assert "List what was read or changed under them" in told
    assert "Confidential" not in postmortem(incident(status="resolved"), resolved().events)
