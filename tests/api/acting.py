"""An operator's token and name as the tests show them, and a question that waits for a person."""

import time
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from incident_commander.access import Attempts, Authenticator, SetToken
from incident_commander.domain.ballot import Quarantined
from incident_commander.domain.base import Digest, IncidentId
from incident_commander.domain.memory import Cause, Correction, Memory, Remembered
from incident_commander.domain.operator import WORLDS, TrustChange, TrustRow
from incident_commander.domain.reasoning import Outcome
from incident_commander.response.remembering import Learned
from incident_commander.response.view_approval import ArgumentField, PendingApproval

TOKEN = "the-token-of-these-tests"
ACTING = {"Authorization": f"Bearer {TOKEN}", "Incident-Commander-Operator": "Ada Lovelace"}
"""The headers of an operator."""
PLAN = Digest("a" * 64)


def authenticator() -> Authenticator:
    """Knows the token above, and is as strict as any."""
    return Authenticator(SetToken(SecretStr(TOKEN)), Attempts())


def patient_authenticator() -> Authenticator:
    """Knows the token above, and lets it be guessed at as often as a sweep does: its minutes are microseconds."""
    return Authenticator(SetToken(SecretStr(TOKEN)), Attempts(lambda: time.monotonic() * 1e8))


def trusted() -> TrustRow:
    """A class of actions that an operator has just set."""
    change = TrustChange(
        action="scale_out",
        world="live",
        cause="set",
        before="approve",
        after="auto",
        agreements=0,
        by="Ada Lovelace",
        reason="it never did harm",
        at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    )
    return TrustRow(
        action="scale_out",
        world="live",
        level="auto",
        highest="auto",
        agreements=0,
        needed=10,
        reason="set by Ada Lovelace",
        history=(change,),
    )


def quarantined() -> Quarantined:
    """A voter that signed two different ballots."""
    return Quarantined(
        voter="diagnosis",
        incident_id=IncidentId("inc-1"),
        round=1,
        reason="equivocation",
        detail="two different ballots of one round",
        since=datetime(2026, 1, 31, 12, tzinfo=UTC),
        until="release",
    )


def memory(cause: Cause | None = None) -> Memory:
    """An incident of which a person has said what it was."""
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    outcome = Outcome(
        incident_id=IncidentId("inc-1"),
        services=(),
        fault=None,
        pattern="",
        resolution="",
        success=False,
        verified=False,
        ended_at=at,
    )
    said = Correction(incident_id=IncidentId("inc-1"), cause=cause, by="Ada Lovelace", reason="the heap grew", at=at)
    return Memory(remembered=Remembered(outcome=outcome, status="escalated"), correction=said)


def learned() -> tuple[Learned, ...]:
    """What is told where nothing was learned yet."""
    return tuple(
        Learned(
            world=world,
            mode="own",
            incidents=0,
            known=0,
            corrected=0,
            forgotten=0,
            patterns=(),
            agents=(),
            calibration=(),
            latest=(),
        )
        for world in WORLDS
    )


def asked(title: str = "checkout fails", *, simulated: bool = False, irreversible: bool = False) -> PendingApproval:
    """A question about scaling out checkout."""
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return PendingApproval(
        incident_id=IncidentId("inc-1"),
        title=title,
        severity="critical",
        simulated=simulated,
        plan=PLAN,
        action="scale_out",
        target="checkout",
        text="Scale out checkout (factor 2.0)",
        rationale="checkout is saturated",
        undo="" if irreversible else "Scale out checkout (factor 0.5)",
        irreversible=irreversible,
        arguments=(
            ArgumentField(
                name="factor", type="number", value=2.0, minimum=0.25, maximum=4.0, describe="new over old instances"
            ),
        ),
        checks=("checkout latency p99 below 800 ms within 5 min",),
        blast_radius="checkout, payments",
        reason="the rule 'ask' of the policy 'ours' says needs_approval",
        votes="4 of 5 voters: detection, diagnosis, prediction, resolution",
        denied_before=("2026-01-30 09:00:00 by Grace: it makes the database worse",),
        requested_at=now,
        expires_at=now + timedelta(days=3),
    )
