"""A small case to read, and the given ones where they lie beside the checkout."""

import json
from pathlib import Path

import pytest

from ...running import REPOSITORY

GIVEN = REPOSITORY.parent / "shared" / "data" / "rootcausebench" / "cases"
FIRED_AT = "2026-03-02T10:00:00Z"


def small_case(folder: Path) -> Path:
    """A case with every file: a pool that fills up after a deploy."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "context").mkdir(exist_ok=True)
    minutes = range(90)
    rows = [
        f"2026-03-02T{9 + minute // 60:02}:{minute % 60:02}:00Z,{row}"
        for minute in minutes
        for row in (
            f"orders,db_pool_in_use,{10 + minute % 3 if minute < 55 else 50}",
            f"orders,http_server_duration_p99_ms,{80 + minute % 5 if minute < 56 else 4000 + minute}",
            f"frontend,http_server_duration_p99_ms,{120 + minute % 7 if minute < 57 else 4100 + minute}",
            f"frontend,requests_per_sec,{300 + minute % 11}",
        )
    ]
    (folder / "metrics.csv").write_text("timestamp,service,metric,value\n" + "\n".join(rows) + "\n")
    lines = [
        {"timestamp": "2026-03-02T09:10:00Z", "service": "orders", "severity_text": "INFO", "msg": "order placed"},
        {"timestamp": "2026-03-02T09:57:00Z", "service": "orders", "severity_text": "ERROR", "msg": "pool exhausted",
         "http.route": "/orders", "attributes": {"db.pool.max": 50}},
    ]  # fmt: skip
    (folder / "logs.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    documents: dict[str, object] = {
        "alert.json": {
            "service": "orders", "metric": "db_pool_in_use", "threshold": 45, "observed": 50.0, "fired_at": FIRED_AT,
            "severity": "critical", "monitor": "orders-pool", "summary": "orders has no connections left",
        },
        "traces.json": [
            {"trace_id": "t", "span_id": "a", "parent_id": None, "service": "frontend", "name": "GET /",
             "start": "2026-03-02T09:58:00Z", "duration_ms": 4200, "status": "ERROR"},
            {"trace_id": "t", "span_id": "b", "parent_id": "a", "service": "orders", "name": "Place",
             "start": "2026-03-02T09:58:00.010Z", "duration_ms": 4100, "status": "ERROR", "error": "no connection"},
        ],
        "patterns.json": [
            {"signature": "pool exhausted", "service": "orders", "count": 612, "delta_vs_baseline": "+610",
             "sentiment": "negative"},
        ],
        "status_feed.json": {
            "provider": "acme",
            "components": [{"name": "API", "endpoint": "api.acme.test", "status": "partial_outage"},
                           {"name": "Site", "endpoint": "acme.test", "status": "operational"}],
            "incidents": [{"name": "Errors", "impact": "major", "started_at": "2026-03-02T09:50:00Z",
                           "updates": [{"timestamp": "2026-03-02T09:51:00Z", "body": "We look into it."}]}],
        },
        "context/deploys.json": [
            {"timestamp": "2026-03-02T09:54:00Z", "service": "orders", "commit_sha": "feed", "version": "v2"},
        ],
        "context/commits.json": [
            {"sha": "feed", "author": "ada", "timestamp": "2026-03-02T09:30:00Z", "message": "Keep sessions open",
             "files_changed": ["orders/pool.py"], "diff": "-    session.close()"},
        ],
        "context/flags.json": [
            {"timestamp": "2026-03-02T09:20:00Z", "flag": "new_layout", "service": "frontend", "change": "off->on",
             "actor": "bob"},
        ],
        "context/topology.json": {"services": [{"name": "orders", "kind": "api", "tier": 1}],
                                  "calls": [["frontend", "orders"], ["orders", "frontend"]]},
    }  # fmt: skip
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, indent=2))
    return folder


def given_cases() -> list[Path]:
    """The data folders of the given cases; skips the test where there are none."""
    folders = sorted(path.parent for path in GIVEN.glob("*/data/alert.json"))
    if not folders:
        pytest.skip("the public cases are not beside the checkout")
    return folders
