"""How far stated probabilities held, as `bench calibration` last measured it: of many runs, not of one recording."""

from pathlib import Path

from ...analysis.calibration import Band, Reliability
from ...analysis.calibration_report import COMMAND, REPORT, SourceReport, UnreadableReport, load_report
from ...domain.base import Value
from .. import view_text as text


class HeldBand(Value):
    """Statements of about the same probability; shares in [0, 1]."""

    stated: float
    true_share: float
    text: str
    true_text: str
    stated_text: str


class HeldRow(Value):
    """How one kind of statement held."""

    name: str
    counted: str
    brier: str
    same_for_all: str
    error: str
    reported_on: str


class HeldView(Value):
    """The last measured report; `missing`: why there is none.

    Attributes:
        name: The kind of statement whose bands are drawn: the first of the report.
        bands: Of it, ascending, those without a statement left out.
    """

    missing: str = ""
    measured: str = ""
    command: str = COMMAND
    name: str = ""
    bands: tuple[HeldBand, ...] = ()
    rows: tuple[HeldRow, ...] = ()


def held_view(path: Path = REPORT) -> HeldView:
    """The report in that file, ready to be shown."""
    try:
        report = load_report(path)
    except UnreadableReport as error:
        return HeldView(missing=str(error))
    first = report.sources[0] if report.sources else None
    return HeldView(
        missing="" if first else f"The report holds nothing that was stated; make it again with {COMMAND}",
        measured=f"{text.date_time(report.measured_at)} UTC",
        command=report.command,
        name=first.name if first else "",
        bands=tuple(_band(each) for each in first.raw.bands) if first else (),
        rows=tuple(_row(each) for each in report.sources),
    )


def _band(band: Band) -> HeldBand:
    share = band.true / band.count
    return HeldBand(
        stated=band.stated,
        true_share=share,
        text=f"{band.low:.0%} to {band.high:.0%}",
        stated_text=text.share(band.stated),
        true_text=f"{text.share(share)}: {band.true} of {band.count}",
    )


def _row(source: SourceReport) -> HeldRow:
    held: Reliability = source.raw
    return HeldRow(
        name=source.name[:1].upper() + source.name[1:],
        counted=f"{held.true} of {held.count}",
        brier=f"{held.brier:.3f}",
        same_for_all=f"{held.base_brier:.3f}",
        error=f"{held.error:.3f}",
        reported_on=source.reported_on,
    )
