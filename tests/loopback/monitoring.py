"""Debian's Prometheus and Alertmanager on free ports of 127.0.0.1, in a temporary folder, stopped by their own ids."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import JsonValue

from ..running import ProcessGroup, free_port, require_program

READY_SECONDS = 30.0
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
"""Of the integration that Alertmanager sends PagerDuty's events by: as long as a real one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A Prometheus alerting rule; `hold` is its `for`, such as `2s`."""

    alert: str
    expr: str
    hold: str
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, and the process group it is."""

    url: str
    group: ProcessGroup


@contextmanager
def alertmanager(folder: Path, webhook: str, pagerduty: str = "") -> Iterator[Server]:
    """Alertmanager that delivers every alert, one group for each, and its resolution to `webhook` within seconds.

    Args:
        pagerduty: An address to send PagerDuty's events to as well; empty: none.
    """
    program = require_program("prometheus-alertmanager")
    folder.mkdir(parents=True)
    receiver: dict[str, JsonValue] = {
        "name": "incident-commander",
        "webhook_configs": [{"url": webhook, "send_resolved": True}],
    }
    if pagerduty:
        receiver["pagerduty_configs"] = [{"url": pagerduty, "routing_key": ROUTING_KEY, "send_resolved": True}]
    config: JsonValue = {
        "route": {
            "receiver": "incident-commander",
            "group_by": ["alertname", "service", "practice_run"],
            "group_wait": "1s",
            "group_interval": "1s",
            "repeat_interval": "1h",
        },
        "receivers": [receiver],
    }
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        program,
        f"--config.file={_write(folder / 'alertmanager.yml', config)}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={urlsplit(url).netloc}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with ProcessGroup(command, log=folder / "log", cwd=folder) as group:
        group.wait_until(lambda: httpx.get(f"{url}/-/ready", timeout=1).is_success, READY_SECONDS, "Alertmanager")
        yield Server(url, group)


@contextmanager
def prometheus(
    folder: Path,
    *,
    scrape: str = "",
    rules: Sequence[Rule] = (),
    alertmanagers: Sequence[str] = (),
    resend_delay: str = "5s",
    history: str = "",
) -> Iterator[Server]:
    """Prometheus that scrapes the URL `scrape` every second, judges `rules` every second and alerts `alertmanagers`.

    Args:
        history: What it has measured before, in OpenMetrics' text format with times.
    """
    program = require_program("prometheus")
    folder.mkdir(parents=True)
    if history:
        past = folder / "history.om"
        past.write_text(history)
        promtool = require_program("promtool", "prometheus")
        made = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(past), str(folder / "data")]
        subprocess.run(made, check=True, capture_output=True, cwd=folder)
    rule_file = _write(
        folder / "rules.yml",
        {
            "groups": [
                {
                    "name": "practice company",
                    "rules": [
                        {
                            "alert": rule.alert,
                            "expr": rule.expr,
                            "for": rule.hold,
                            "labels": dict(rule.labels),
                            "annotations": dict(rule.annotations),
                        }
                        for rule in rules
                    ],
                }
            ]
        },
    )
    target = urlsplit(scrape)
    config: JsonValue = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rule_file)],
        "scrape_configs": [
            {
                "job_name": "practice_company",
                "honor_labels": True,
                "metrics_path": target.path,
                "static_configs": [{"targets": [target.netloc]}],
            }
        ]
        if scrape
        else [],
        "alerting": {
            "alertmanagers": [
                {"path_prefix": urlsplit(url).path or "/", "static_configs": [{"targets": [urlsplit(url).netloc]}]}
                for url in alertmanagers
            ]
        },
    }
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        program,
        f"--config.file={_write(folder / 'prometheus.yml', config)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={urlsplit(url).netloc}",
        f"--rules.alert.resend-delay={resend_delay}",
        "--log.level=warn",
    ]
    with ProcessGroup(command, log=folder / "log", cwd=folder) as group:
        group.wait_until(lambda: httpx.get(f"{url}/-/ready", timeout=1).is_success, READY_SECONDS, "Prometheus")
        yield Server(url, group)


def _write(path: Path, config: JsonValue) -> Path:
    """JSON is YAML, so the configuration needs no YAML writer."""
    path.write_text(json.dumps(config, indent=2))
    return path
