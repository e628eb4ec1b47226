"""Log lines of the edge's access log, of volumes, and of the audit trail, written from what was scraped.

They say what happened and under which name, never what it means: a name may be used by whoever has its key. Addresses
are of the ranges kept for documentation (RFC 5737); the company's own are 10.20.0.0/16.
"""

from typing import Literal

import numpy as np

from .archive import COLUMN, Archive

Said = tuple[Literal["INFO", "WARN", "ERROR"], str]
_AGENTS = ("python-requests/2.31", "Go-http-client/1.1", "-", "Mozilla/5.0 (compatible)")
_PATHS = {
    "storefront": "/home", "search": "/search", "accounts": "/me", "checkout": "/checkout", "media-store": "/media",
}  # fmt: skip
_TABLES = {"core-db": "customers", "catalog-db": "listings", "media-store": "documents"}
_USUAL_CALLS = {"database": "SELECT", "storage": "GetObject", "queue": "Publish"}
_FOREIGN_NETS = ("203.0.113", "198.51.100", "192.0.2")
_GIB_PER_PERCENT = 2.0


def access(archive: Archive, row: int, draw: np.random.Generator) -> list[Said]:
    """What the edge says of who asks."""
    edge = archive.rows[row, 0]

    def now(column: str) -> float:
        return float(edge[COLUMN[column]])

    said: list[Said] = []
    requests = now("request_rate") * archive.interval
    if draw.random() < 0.5:
        new, top = now("new_source_ratio"), now("top_sources_ratio")
        addresses = requests * (0.35 + 0.6 * new) * (1.0 - top)
        said.append((
            "INFO",
            f"access summary: {requests:.0f} requests from {addresses:.0f} addresses, {100 * new:.0f}% first seen"
            f" today, 100 busiest send {100 * top:.0f}%",
        ))  # fmt: skip
    unknown = now("hostile_rate") + now("bot_rate")
    if unknown > 1.0:
        path = "/" if now("hostile_rate") > 10 * _routed(archive, row) else _path(archive, row)
        for _ in range(_some(draw, unknown * 0.02)):
            agent = _AGENTS[int(draw.integers(len(_AGENTS)))]
            clients = max(1.0, unknown * archive.interval * float(draw.uniform(0.2, 0.5)))
            said.append((
                "WARN", f'challenge failed for {clients:.0f} clients, no cookie, user-agent "{agent}", path {path}'
            ))  # fmt: skip
    return said


def refusals(archive: Archive, row: int, i: int, draw: np.random.Generator) -> list[Said]:
    """What a service says of the sources that it refuses."""
    refused = float(archive.rows[row, i, COLUMN["turned_away"]]) * archive.interval
    if refused < 1.0 or draw.random() > 0.7:
        return []
    return [("WARN", f"403 refused by source list: {refused:.0f} requests")]


def volume(archive: Archive, row: int, i: int, draw: np.random.Generator) -> list[Said]:
    """What a service says of its volume."""
    state = archive.rows[row, i]

    def now(column: str) -> float:
        return float(state[COLUMN[column]])

    said: list[Said] = []
    disk = archive.rows[row, i, COLUMN["disk_utilization"]]
    if now("logs_growth") > 0.05 and draw.random() < 0.35:
        files = int(draw.integers(20, 60))
        size = now("logs_growth") * _GIB_PER_PERCENT * draw.uniform(0.8, 1.2)
        said.append(("INFO", f"statement log rotated, {size:.1f} GiB in the last minute, {files} files kept"))
    if now("spool_growth") > 0.05 and draw.random() < 0.35:
        size = max(1.0, (float(disk) - 30) * _GIB_PER_PERCENT * draw.uniform(0.95, 1.05))
        said.append(("INFO", f"temporary file spool/backup-{archive.text_seed % 9000 + 1000}.part is {size:.0f} GiB"))
    if disk > 85 and draw.random() < 0.3:
        left = max(0.0, 100 - float(disk)) * _GIB_PER_PERCENT
        said.append(("WARN", f"volume is {float(disk):.0f}% full, {left:.1f} GiB left"))
    took = now("io_latency_ms")
    if took > 15 and draw.random() < 0.4:
        said.append(("WARN", f"write to volume took {took * draw.uniform(2, 5):.0f} ms"))
    for _ in range(_some(draw, now("write_error_rate") * archive.interval * 0.02)):
        request = f"{int(draw.integers(16**8)):08x}"
        said.append(("ERROR", f"could not write: No space left on device request={request}"))
    return said


def audit(archive: Archive, row: int, i: int, draw: np.random.Generator) -> list[Said]:
    """What the audit trail of a store says of who read it, and that of a service of what was done in its name."""
    spec, state = archive.services[i], archive.rows[row, i]
    said: list[Said] = []
    if spec.kind in ("database", "storage"):
        said += _reads(archive, row, i, draw)
    probes, pentest, denied = (float(state[COLUMN[name]]) for name in ("probes", "pentest", "denied"))
    interval = archive.interval
    for _ in range(_some(draw, probes * interval * 0.04)):
        call = ("ListSecrets", "GetCallerIdentity", "ListRoles", "RunTask")[int(draw.integers(4))]
        said.append(("WARN", f"audit: identity=svc-{spec.name} source={_foreign(archive, draw)} call={call} denied"))
    for _ in range(_some(draw, pentest * interval * 0.03)):
        call = ("ListSecrets", "ListRoles", "PutObject")[int(draw.integers(3))]
        said.append(("WARN", f"audit: identity=pentest-contractor source=198.51.100.77 call={call} denied"))
    if denied > 0.002:
        for _ in range(_some(draw, denied * float(state[COLUMN["request_rate"]]) * interval * 0.05)):
            request = f"{int(draw.integers(16**8)):08x}"
            said.append(("ERROR", f"permission denied for role svc-{spec.name} request={request}"))
        if probes > 0.002 and draw.random() < 0.3:
            call = ("GRANT role=owner", "REVOKE ALL", "PutRolePolicy")[int(draw.integers(3))]
            source = _foreign(archive, draw)
            said.append(("WARN", f"audit: identity=svc-{spec.name} source={source} call={call} allowed"))
    if float(state[COLUMN["stolen_cpu"]]) > 0.02:
        if draw.random() < 0.35:
            said.append(("WARN", f"process xm-worker is not in the image, started under svc-{spec.name}"))
        if draw.random() < 0.25:
            said.append(("WARN", f"outbound connection to {_foreign(archive, draw)}:3333 from xm-worker"))
    return said


def _reads(archive: Archive, row: int, store: int, draw: np.random.Generator) -> list[Said]:
    name = archive.services[store].name
    said: list[Said] = []
    callers = [k for k, callee, _ in archive.edges if callee == store and archive.services[k].kind in ("api", "worker")]
    if callers and draw.random() < 0.25:
        own = archive.services[callers[int(draw.integers(len(callers)))]].name
        call = _USUAL_CALLS[archive.services[store].kind]
        address = f"10.20.{int(draw.integers(1, 9))}.{int(draw.integers(2, 250))}"
        said.append((
            "INFO", f"audit: identity=svc-{own} source={address} call={call} rows={int(draw.integers(1, 40))} allowed"
        ))  # fmt: skip
    table = _TABLES.get(name, "objects")
    for k, rate in enumerate(archive.rows[row, :, COLUMN["intruder_reads"]]):
        if rate > 0 and _first_store(archive, k) == store and draw.random() < 0.6:
            rows, source = int(draw.integers(8_000, 60_000)), _foreign(archive, draw)
            identity = archive.services[k].name
            said.append(
                ("WARN", f"audit: identity=svc-{identity} source={source} call=COPY {table} rows={rows} allowed")
            )
    if float(archive.rows[row, store, COLUMN["export_reads"]]) > 0 and draw.random() < 0.6:
        rows = int(draw.integers(8_000, 60_000))
        who = "identity=backup-operator source=10.20.0.9"
        said.append(("INFO", f"audit: {who} call=COPY {table} rows={rows} allowed"))
    return said


def _first_store(archive: Archive, i: int) -> int:
    kinds = ("database", "queue", "storage")
    return next((c for k, c, _ in archive.edges if k == i and archive.services[c].kind in kinds), -1)


def _foreign(archive: Archive, draw: np.random.Generator) -> str:
    """An address from outside; strangers keep to one network for a day."""
    net = _FOREIGN_NETS[archive.text_seed % len(_FOREIGN_NETS)]
    return f"{net}.{archive.text_seed % 200 + 10 + int(draw.integers(4))}"


def _routed(archive: Archive, row: int) -> float:
    return float(archive.rows[row, 1:, COLUMN["hostile_rate"]].max())


def _path(archive: Archive, row: int) -> str:
    """The path asked for most by those that failed the challenge: of the route whose load left its usual course."""
    routes = [k for k, s in enumerate(archive.services) if s.name in _PATHS]
    usual = np.maximum(archive.rows[: max(1, min(row, 200)), routes, 0].mean(axis=0), 1e-9)
    grown = archive.rows[row, routes, 0] - usual
    return _PATHS[archive.services[routes[int(np.argmax(grown))]].name]


def _some(draw: np.random.Generator, expected: float) -> int:
    """How many lines a sampling logger keeps."""
    return min(4, int(draw.poisson(min(expected, 50.0)))) if expected > 0 else 0
