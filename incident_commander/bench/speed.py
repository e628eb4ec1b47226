"""The speed figures: each beside its limit, measured on this machine as it is now."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from secrets import token_hex

import httpx

from ..api.incidents import IncidentPage
from .figures import Figure, figure
from .ingest import DOOR, QUIET_SECONDS, ingest_figures
from .practice import WatchedRun, practising, watch
from .process_group import wait_until
from .served import Product

IDLE_SECONDS = 20.0
"""How long the product is left alone before its memory is read: workers have then warmed up."""
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
)


async def practice_figures(runs: int) -> tuple[Figure, ...]:
    """From practice runs in this process: time to a signed plan, a whole scenario, and the event loop's lag meanwhile.

    Args:
        runs: Seeds of each scenario.
    """
    async with practising() as commander:
        watched = [run async for run in watch(commander, commander.operations.scenario_names(), range(1, runs + 1))]
    return summarise_practice(watched)


def summarise_practice(runs: Sequence[WatchedRun]) -> tuple[Figure, ...]:
    """The three figures from watched runs."""
    planned = [run.alert_to_plan_seconds for run in runs if run.alert_to_plan_seconds is not None]
    lags = [lag for run in runs for lag in run.lags_ms]
    return (
        figure("alert to signed plan", "p95", planned, "s", 1, "first alert durable to certificate, no language model"),
        figure("a scenario end to end", "median", [run.seconds for run in runs], "s", 10),
        figure("a scenario end to end", "p95", [run.seconds for run in runs], "s", 10),
        figure("event loop lag while a scenario runs", "p99", lags, "ms", 50),
    )  # fmt: skip


def idle_memory(product: Product) -> Figure:
    """Proportional memory of the product's process group, without a viewer, after it was left alone for a while."""
    time.sleep(IDLE_SECONDS)
    detail = f"{len(product.group.members())} processes, no viewer"
    return figure("idle memory (PSS)", "value", [product.group.proportional_memory_mib()], "MiB", 400, detail)


async def served_figures(product: Product, runs: int) -> tuple[Figure, ...]:
    """Ingest and page figures of a running product."""
    return (
        *await ingest_figures(product.url, singles=200, incidents=max(20, runs), storm=1000),
        await asyncio.to_thread(on_page, product.url, runs),
    )


def on_page(url: str, runs: int) -> Figure:
    """From posting an alert to its incident standing on an open /ops in Chromium."""
    name = "alert posted to its incident on an open /ops"
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return figure(name, "median", [], "s", 1, "playwright is not installed; scripts/setup installs it")
    samples = []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_OPTIONS])
        except Error as error:
            return figure(name, "median", [], "s", 1, f"chromium did not start: {error.message.splitlines()[0]}")
        page = browser.new_page()
        page.goto(f"{url}/ops")
        for number in range(runs + 1):
            wait_until(lambda: _no_response_under_way(url), QUIET_SECONDS, "the end of the responses under way")
            alert = f"Bench{token_hex(5)}"
            begun = time.perf_counter()
            _post(url, alert)
            page.get_by_text(alert).first.wait_for(timeout=30_000)
            if number:
                # The first only makes sure that the page is live.
                samples.append(time.perf_counter() - begun)
        browser.close()
    return figure(name, "median", samples, "s", 1, "Chromium on the same machine")


def _no_response_under_way(url: str) -> bool:
    answer = httpx.get(f"{url}/api/incidents", params={"status": "open", "limit": 1}, timeout=30)
    return IncidentPage.model_validate_json(answer.raise_for_status().content).total == 0


def _post(url: str, name: str) -> None:
    labels = {"alertname": name, "service": name.lower(), "severity": "critical"}
    alert = {"status": "firing", "labels": labels, "annotations": {}, "startsAt": datetime.now(UTC).isoformat()}
    body = {"version": "4", "groupKey": name, "status": "firing", "alerts": [alert]}
    httpx.post(f"{url}{DOOR}", json=body, timeout=30).raise_for_status()
