"""Writing an incident as a case folder, in the layout that `read_case` reads."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from ...domain.telemetry import Change, LogRecord, MetricSeries, Observations, Span, from_epoch
from .alert import FILE as ALERT
from .alert import CaseAlert
from .fields import Fields
from .folder import COMMITS, CONTEXT, DEPLOYS, FLAGS, LOGS, METRICS, PATTERNS, STATUS, TOPOLOGY, TRACES, CaseFolder


def write_case(folder: Path, case: CaseFolder) -> None:
    """Write a case into a folder, which is made where there is none; what gaps say is not written.

    Units, and whatever else the layout has no place for, are lost.

    Raises:
        OSError: the folder cannot be written.
    """
    observed = case.observations
    (folder / CONTEXT).mkdir(parents=True, exist_ok=True)
    _write(folder / ALERT, _alert(case.alert))
    (folder / METRICS).write_text("".join(_rows(observed.metrics)), encoding="utf-8")
    (folder / LOGS).write_text("".join(f"{json.dumps(_line(record))}\n" for record in observed.logs), encoding="utf-8")
    _write(folder / TRACES, [_span(span) for span in observed.traces])
    for name, kinds, entry in (
        (COMMITS, ("commit",), _commit),
        (DEPLOYS, ("deploy", "config", "scaling"), _deploy),
        (FLAGS, ("flag",), _flag),
    ):
        _write(folder / name, [entry(change) for change in observed.changes if change.kind in kinds])
    _write(folder / TOPOLOGY, _topology(observed))
    if observed.log_summaries:
        _write(folder / PATTERNS, _patterns(observed))
    if observed.providers:
        _write(folder / STATUS, _pages(observed))


def _write(path: Path, document: JsonValue) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _alert(alert: CaseAlert) -> Fields:
    fields: Fields = {"service": alert.service, "metric": alert.metric, "fired_at": _stamp(alert.fired_at)}
    fields |= {"threshold": alert.threshold, "observed": alert.observed}
    fields |= {"severity": alert.severity, "summary": alert.summary, **dict(alert.other)}
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _rows(metrics: Iterable[MetricSeries]) -> Iterator[str]:
    """The csv, a line at a time: all series at a time, then the next time."""
    yield "timestamp,service,metric,value\n"
    samples = (
        (time, _cell(each.service), _cell(each.metric), value)
        for each in metrics
        for time, value in zip(each.timestamps.tolist(), each.values.tolist(), strict=True)
    )
    for time, service, metric, value in sorted(samples):
        yield f"{_stamp(from_epoch(time))},{service},{metric},{value!r}\n"


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text


def _line(record: LogRecord) -> Fields:
    fields: Fields = dict(record.attributes)
    fields |= {"timestamp": _stamp(record.at), "service": record.service}
    return fields | {"severity_text": record.level, "msg": record.message}


def _span(span: Span) -> Fields:
    fields: Fields = dict(span.attributes)
    fields |= {"trace_id": span.trace_id, "span_id": span.span_id, "parent_id": span.parent_id}
    fields |= {"service": span.service, "name": span.name, "start": _stamp(span.start)}
    return fields | {"duration_ms": span.duration_ms, "status": "ERROR" if span.error else "OK"}


def _commit(change: Change) -> Fields:
    fields: Fields = {"sha": change.reference, "author": change.author, "timestamp": _stamp(change.at)}
    fields |= {"message": change.summary, "files_changed": list(change.files), "diff": change.detail or None}
    return fields | ({"service": change.service} if change.service is not None else {})


def _deploy(change: Change) -> Fields:
    fields: Fields = {"timestamp": _stamp(change.at), "service": change.service, "commit_sha": change.reference}
    return fields | {
        "kind": change.kind,
        "summary": change.summary,
        "author": change.author,
        "diff": change.detail or None,
    }


def _flag(change: Change) -> Fields:
    fields: Fields = {"timestamp": _stamp(change.at), "flag": change.reference, "service": change.service}
    return fields | {"change": change.detail, "summary": change.summary, "actor": change.author}


def _topology(observed: Observations) -> Fields:
    topology = observed.topology
    services: list[JsonValue] = [{"name": s.name, "kind": s.kind, "tier": s.tier} for s in topology.services]
    return {"services": services, "calls": [[caller, callee] for caller, callee in topology.calls]}


def _patterns(observed: Observations) -> list[JsonValue]:
    return [
        {
            "signature": summary.template,
            "service": summary.service,
            "count": summary.count,
            "delta_vs_baseline": f"{summary.count - summary.usual:+d}",
            "sentiment": "negative" if summary.bad else "neutral",
        }
        for summary in observed.log_summaries
    ]


def _pages(observed: Observations) -> list[JsonValue]:
    return [
        {
            "provider": incident.provider,
            "components": list(incident.endpoints),
            "incidents": [
                {
                    "name": incident.summary,
                    "impact": incident.impact,
                    "started_at": _stamp(incident.started_at),
                    "ended_at": None if incident.ended_at is None else _stamp(incident.ended_at),
                }
            ],
        }
        for incident in observed.providers
    ]


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
