"""The latest measured report of how stated probabilities hold: a file that `bench calibration --write` makes."""

from pathlib import Path

from pydantic import ValidationError

from ..domain.base import UtcDatetime, Value
from .calibration import LogOdds, Reliability

REPORT = Path(__file__).with_name("calibration.json")
COMMAND = "incident-commander bench calibration --write"


class UnreadableReport(Exception):
    """The report cannot be read; the message says why and what to do."""


class SourceReport(Value):
    """How the probabilities of one kind of statement hold, on statements that nothing was fitted on.

    Attributes:
        name: What was stated: `leading cause`, `prediction`, ...
        fitted_on, reported_on: Which seeds or folds, in words.
        fitted: How many statements the map was fitted on.
        raw: As stated; calibrated: after the map.
    """

    name: str
    fitted_on: str
    reported_on: str
    fitted: int
    map: LogOdds
    raw: Reliability
    calibrated: Reliability


class CalibrationReport(Value):
    """What `bench calibration` measured.

    Attributes:
        command: By which it can be made again.
        left_out: What was asked for and had nothing to say, and why.
    """

    measured_at: UtcDatetime
    command: str
    sources: tuple[SourceReport, ...]
    left_out: tuple[str, ...] = ()


def load_report(path: Path = REPORT) -> CalibrationReport:
    """Read the report.

    Raises:
        UnreadableReport: there is none, or it is something else.
    """
    try:
        return CalibrationReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnreadableReport(f"{path} cannot be read: {error.strerror}; make it with {COMMAND}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its beginning"
        raise UnreadableReport(f"{path}, at {where}: {first['msg']}; make it again with {COMMAND}") from error
