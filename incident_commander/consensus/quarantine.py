"""Which voters do not count because of what they sent: the rules as validated data, and who is out by the record."""

import tomllib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from ..domain.ballot import Quarantined, RejectionReason, Released, Tally, Voter
from ..domain.base import IncidentId, Value

QUARANTINE_FILE = Path(__file__).with_name("quarantine.toml")


class QuarantineError(ValueError):
    """The quarantine's file is not valid; the message names the file and the key."""


class QuarantineRules(Value):
    """For which rejections the sender is quarantined, and until when."""

    until: dict[RejectionReason, Literal["incident", "release"]]


def load_rules(path: Path = QUARANTINE_FILE) -> QuarantineRules:
    """Read and validate the rules.

    Raises:
        QuarantineError: the file is not TOML, or names a reason or a term that there is not; the message says which.
    """
    try:
        return QuarantineRules.model_validate(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise QuarantineError(f"{path}: {error}; mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise QuarantineError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}; mend the file") from error


def quarantines(outcome: Tally, rules: QuarantineRules, now: datetime) -> tuple[Quarantined, ...]:
    """Whom a round puts into quarantine: each sender once, for the gravest of what it sent, never whom a ballot names.

    Args:
        now: On the incident's clock.
    """
    gravest: dict[Voter, Quarantined] = {}
    for rejection in outcome.rejected:
        until = rules.until.get(rejection.reason)
        known = gravest.get(rejection.sender)
        if until is None or (known is not None and (known.until == "release" or until == "incident")):
            continue
        gravest[rejection.sender] = Quarantined(
            voter=rejection.sender,
            incident_id=outcome.incident_id,
            round=outcome.round,
            reason=rejection.reason,
            detail=rejection.detail,
            since=now,
            until=until,
        )
    return tuple(gravest.values())


def standing(history: Iterable[Quarantined | Released]) -> tuple[Quarantined, ...]:
    """The quarantines that nobody has ended, from all that was ever written of them, oldest first."""
    held: list[Quarantined] = []
    for each in history:
        if isinstance(each, Quarantined):
            held.append(each)
        else:
            held = [quarantine for quarantine in held if quarantine.voter != each.voter]
    return tuple(held)


def uncounted(held: Iterable[Quarantined], incident_id: IncidentId) -> frozenset[Voter]:
    """The voters whose ballots do not count in an incident."""
    return frozenset(each.voter for each in held if each.until == "release" or each.incident_id == incident_id)
