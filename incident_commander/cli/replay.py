"""`incident-commander scenario replay`: a recorded run's vote held again, with something otherwise."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..domain.ballot import VOTERS
from ..response.hearing import Withheld
from ..response.recording import UnreadableRecording, load_recording
from ..response.replay import SIGNALS, NotReplayable, Subject, what_flips
from ..response.replay import replay as hold_again
from ..response.replayed import Replay, Replayed, Supposition
from .faults import Faults, chosen_faults


def replay(
    file: Annotated[Path, typer.Argument(help="A recording that `scenario record` wrote.")],
    without: Annotated[
        list[str] | None, typer.Option(help="A voter that is not there, or a signal kept from all; may be repeated.")
    ] = None,
    required: Annotated[
        int | None, typer.Option(min=1, max=len(VOTERS), help="How many ballots make a quorum.")
    ] = None,
    faults: Faults = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what a fault leaves open.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Hold a recorded run's vote again with something otherwise; with nothing said, find what flips its decision."""
    asked = [required is not None, bool(without), bool(faults)]
    suppose = Supposition(
        absent=tuple(each for each in VOTERS if each in (without or ())),
        withheld=Withheld(signals=tuple(each for each in SIGNALS if each in (without or ()))),
        required=required,
        faults=chosen_faults(faults),
        seed=seed,
    )
    _require_known(without or ())
    try:
        recording = load_recording(file)
        if recording.record is None:
            raise NotReplayable(f"{file.name} ended without an alert, so there was no vote")
        subject = Subject.of(recording.run, recording.record)
        found = hold_again(subject, (suppose,)) if any(asked) else what_flips(subject)
    except (UnreadableRecording, NotReplayable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(found.model_dump_json(indent=2) if as_json else _readable(found))


def _require_known(without: Sequence[str]) -> None:
    known = (*VOTERS, *SIGNALS)
    for name in without:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is neither a voter nor a signal; these are: {', '.join(known)}")


def _readable(found: Replay) -> str:
    lines = [
        f"{found.scenario} seed {found.seed}: {found.as_it_was.decision}",
        f"  {found.as_it_was.why}",
        *([f"  not as recorded: {found.differs}"] if found.differs else []),
        *(_line(each) for each in found.supposed),
        "" if len(found.supposed) == 1 else f"{len(found.flipping)} of {len(found.supposed)} flip the decision.",
    ]
    return "\n".join(lines).rstrip()


def _line(each: Replayed) -> str:
    return f"{'FLIPS ' if each.flips else '      '}{each.title}: {each.decision} ({each.why})"
