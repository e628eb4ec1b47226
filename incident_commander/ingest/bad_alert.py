"""What is wrong with an alert that cannot be taken, in a form that a person can mend it by."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.alert import Alert
from ..domain.change import ReportedChange

_SHOWN_CHARACTERS = 120


class BadAlert(Exception):
    """An alert, or the whole body, that cannot be taken.

    Attributes:
        field: Path of the field in what was sent, such as `alerts[3].startsAt`; `body` for all of it.
        value: What stood there, shortened, ASCII only.
        problem: What is wrong with it.
        remedy: What to send instead.
    """

    def __init__(self, field: str, value: object, problem: str, remedy: str) -> None:
        self.field = ascii(field)[1:-1][:_SHOWN_CHARACTERS]
        self.value = shown(value)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{self.field}: {problem} (it is {self.value}); {remedy}")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a door read: the good alerts, and what is wrong with each bad one.

    A sender does not send again what was refused, so one bad alert never takes the good ones down with it.

    Attributes:
        changes: Changes that were reported, where the door takes them too.
        notes: What was understood and is neither an alert nor a change, in words.
    """

    alerts: tuple[Alert, ...]
    bad: tuple[BadAlert, ...] = ()
    changes: tuple[ReportedChange, ...] = ()
    notes: tuple[str, ...] = ()


def shown(value: object) -> str:
    """A value for an error message: short, and printable whatever it holds."""
    if isinstance(value, str | bytes | int | float | bool) or value is None:
        text = ascii(value)
    elif isinstance(value, Sequence):
        text = f"a list of {len(value)}"
    elif isinstance(value, dict):
        text = f"an object with {len(value)} keys"
    else:
        text = f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
