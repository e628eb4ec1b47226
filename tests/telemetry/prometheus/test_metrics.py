"""What a real Prometheus has of common exporters comes out as the metrics that analysis knows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from incident_commander.domain.telemetry import Incomplete, MetricSeries, Window
from incident_commander.telemetry.prometheus import PrometheusAt, PrometheusSource

from .past import EVERY, Past, read, remembering

HALF = 1200.0
"""Seconds after the beginning: the middle of the past."""


def write(past: Past) -> None:
    """Every world of the tests below."""
    otel = {"job": "shop/checkout", "instance": "10.0.0.1:8080"}
    buckets = {"0.05": 4.0, "0.1": 8.0, "0.5": 9.0, "+Inf": 9.0}
    past.histogram("http_server_request_duration_seconds", "otel", buckets, http_response_status_code="200", **otel)
    past.counter("http_server_request_duration_seconds_count", "otel", 1.0, http_response_status_code="503", **otel)
    past.counter("http_requests_total", "client", 19.0, code="200", app="cart", job="pods", instance="a")
    past.counter("http_requests_total", "client", 19.0, code="200", app="cart", job="pods", instance="b")
    past.counter("http_requests_total", "client", 2.0, code="500", app="cart", job="pods", instance="b")
    past.counter("http_requests_total", "client", 5.0, status="200", app="mail", job="pods", instance="c")
    past.counter("http_requests_total", "resets", 10.0, (600.0, 1500.0), code="200", app="cart")
    past.counter("http_requests_total", "both", 7.0, code="200", service="cart")
    past.histogram("http_server_request_duration_seconds", "both", {"1": 3.0, "+Inf": 3.0}, service="cart")
    past.gauge("queue_depth", "nan", lambda s: "NaN" if s < HALF else 5.0, service="orders-queue")
    past.gauge("error_ratio", "nan", lambda s: "+Inf", service="cart")
    past.gauge("queue_depth", "recorded", 3.0, service="orders-queue")
    past.gauge("rabbitmq_queue_messages_ready", "recorded", 99.0, queue="orders-queue")
    past.gauge("queue_depth", "nameless", 3.0, zone="a")
    past.gauge("queue_depth", "holes", lambda s: "" if 1000 <= s < 2000 else 1.0, service="orders-queue")
    for run in ("run-1", "run-2"):
        past.gauge("request_rate", "practice", 11.0, service="gateway", practice_run=run)
    past.gauge("request_rate", "practice", 4.0, service="storefront")
    kubernetes = {"namespace": "shop", "pod": "cart-1", "container": "cart"}
    past.counter("container_cpu_usage_seconds_total", "kubernetes", 0.25, service="kubelet", **kubernetes)
    past.gauge("container_memory_working_set_bytes", "kubernetes", 300e6, service="kubelet", **kubernetes)
    for resource, limit in (("cpu", 0.5), ("memory", 400e6)):
        labels = {"job": "kube-state-metrics", "service": "kube-state-metrics", "resource": resource}
        past.gauge("kube_pod_container_resource_limits", "kubernetes", limit, **labels, **kubernetes)
    past.gauge("kube_deployment_status_replicas_available", "kubernetes", 3.0, deployment="cart", job="ksm")
    past.counter("node_cpu_seconds_total", "machines", 0.75, mode="idle", cpu="0", job="node", instance="10.1.1.1:9100")
    past.counter("node_cpu_seconds_total", "machines", 0.25, mode="user", cpu="0", job="node", instance="10.1.1.1:9100")
    past.gauge("hikaricp_connections_active", "pools", 18.0, application="accounts", pool="main")
    past.gauge("hikaricp_connections_max", "pools", 20.0, application="accounts", pool="main")
    past.counter("traces_service_graph_request_total", "calls", 3.0, client="cart", server="accounts")
    past.counter(
        "traces_service_graph_request_total",
        "calls",
        3.0,
        client="accounts",
        server="core-db",
        connection_type="database",
    )
    past.counter("traces_service_graph_request_total", "calls", 0.0, client="cart", server="retired")
    for instance in ("a", "b"):
        past.gauge("temperature", "own", 20.0, service="oven", instance=instance)
    past.gauge("orders_failed_total", "own", lambda s: s / 10, shop="cart")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Past, str]]:
    with remembering(tmp_path_factory.mktemp("past"), write) as found:
        yield found


class Seen:
    """What was read of a world, by service and metric."""

    def __init__(self, series: tuple[MetricSeries, ...]) -> None:
        self.series = {(str(each.service), each.metric): each for each in series}
        assert len(self.series) == len(series), "a metric of a service comes once"

    def steady(self, service: str, metric: str) -> tuple[float, str]:
        """The one value that a series has throughout, and its unit."""
        series = self.series[service, metric]
        assert np.allclose(series.values, series.values[0], rtol=1e-6), series.values
        assert series.values.size >= 100
        return round(float(series.values[0]), 6), series.unit

    @property
    def of(self) -> set[str]:
        """The services."""
        return {service for service, _ in self.series}


async def seen(server: tuple[Past, str], world: str) -> Seen:
    past, url = server
    return Seen(await read(url, past.window, world))


async def test_an_opentelemetry_server_gives_rate_errors_and_latency(server: tuple[Past, str]) -> None:
    found = await seen(server, "otel")
    assert found.of == {"checkout"}
    assert found.steady("checkout", "request_rate") == (10.0, "per_second")
    assert found.steady("checkout", "error_ratio") == (0.1, "ratio")
    assert found.steady("checkout", "client_error_ratio") == (0.0, "ratio"), "no such answer is none, not unknown"
    assert found.steady("checkout", "latency_p50_ms") == (56.25, "ms")
    assert found.steady("checkout", "latency_p99_ms") == (464.0, "ms")


async def test_instances_of_a_service_are_one_service_and_every_spelling_of_a_status_counts(
    server: tuple[Past, str],
) -> None:
    found = await seen(server, "client")
    assert found.steady("cart", "request_rate") == (40.0, "per_second")
    assert found.steady("cart", "error_ratio") == (0.05, "ratio")
    assert found.steady("mail", "error_ratio") == (0.0, "ratio")


async def test_a_counter_that_begins_anew_is_no_change_of_the_rate(server: tuple[Past, str]) -> None:
    series = (await seen(server, "resets")).series["cart", "request_rate"]
    assert np.all(series.values > 0)
    assert float(np.median(series.values)) == pytest.approx(10.0)


async def test_of_two_exporters_of_a_service_the_better_known_one_counts(server: tuple[Past, str]) -> None:
    assert (await seen(server, "both")).steady("cart", "request_rate") == (3.0, "per_second")


async def test_a_sample_that_is_no_number_is_absent(server: tuple[Past, str]) -> None:
    past, _ = server
    found = await seen(server, "nan")
    assert ("cart", "error_ratio") not in found.series
    series = found.series["orders-queue", "queue_depth"]
    assert series.timestamps[0] >= past.start + HALF
    assert set(series.values) == {5.0}


async def test_a_hole_in_the_samples_stays_one(server: tuple[Past, str]) -> None:
    past, _ = server
    series = (await seen(server, "holes")).series["orders-queue", "queue_depth"]
    # Prometheus itself takes a sample for good for five minutes.
    inside = (series.timestamps > past.start + 1000 + 300) & (series.timestamps < past.start + 2000)
    assert not inside.any()


async def test_a_metric_under_our_own_name_comes_before_any_exporter(server: tuple[Past, str]) -> None:
    assert (await seen(server, "recorded")).steady("orders-queue", "queue_depth") == (3.0, "count")


async def test_what_names_no_service_is_left_out(server: tuple[Past, str]) -> None:
    assert (await seen(server, "nameless")).of == set()


async def test_no_practice_run_is_seen_by_real_incidents(server: tuple[Past, str]) -> None:
    assert (await seen(server, "practice")).of == {"storefront"}


async def test_in_kubernetes_a_container_is_a_service_and_the_scraped_component_is_not(
    server: tuple[Past, str],
) -> None:
    found = await seen(server, "kubernetes")
    assert found.of == {"cart"}
    assert found.steady("cart", "cpu_utilization") == (50.0, "percent")
    assert found.steady("cart", "memory_utilization") == (75.0, "percent")
    assert found.steady("cart", "instances") == (3.0, "count")


async def test_a_machine_is_told_apart_by_name_and_metric(server: tuple[Past, str]) -> None:
    assert (await seen(server, "machines")).steady("10.1.1.1", "node_cpu_utilization") == (25.0, "percent")


async def test_a_pool_is_a_share_of_its_size(server: tuple[Past, str]) -> None:
    found = await seen(server, "pools")
    assert found.steady("accounts", "connection_pool_utilization") == (90.0, "percent")
    assert found.steady("accounts", "connections_in_use") == (18.0, "count")


async def test_every_series_says_who_answered(server: tuple[Past, str]) -> None:
    _, url = server
    sources = {series.source for series in (await seen(server, "otel")).series.values()}
    assert sources == {f"Prometheus {url.removeprefix('http://')}"}


async def test_a_window_has_a_bounded_number_of_points_inside_it(server: tuple[Past, str]) -> None:
    past, url = server
    window = past.window
    for series in await read(url, window, "client"):
        assert window.start.timestamp() <= series.timestamps[0]
        assert series.timestamps[-1] < window.end.timestamp()
        assert series.values.size <= 240
        assert np.all(np.diff(series.timestamps) == EVERY)


async def test_the_same_window_read_twice_has_the_same_samples(server: tuple[Past, str]) -> None:
    past, url = server
    first, second = await read(url, past.window, "client"), await read(url, past.window, "client")
    assert [(s.service, s.metric, s.values.tolist()) for s in first] == [
        (s.service, s.metric, s.values.tolist()) for s in second
    ]


async def test_who_calls_whom_is_read_from_a_service_graph_without_calls_that_ended(server: tuple[Past, str]) -> None:
    _, url = server
    source = PrometheusSource(PrometheusAt(url, match='world="calls"'))
    topology = await source.topology()
    await source.close()
    assert topology.calls == (("accounts", "core-db"), ("cart", "accounts"))
    assert topology.kind_of(topology.calls[0][1]) == "database"
    assert topology.gaps == ()
    assert topology.source.startswith("Prometheus 127.0.0.1:")


OWN = """
[[readings]]
metric = "orders_failed_rate"
unit = "per_second"
exporter = "the shop's own"
sum = 'rate(orders_failed_total{$match}[$range])'
named_by = [{ label = "shop" }]

[[readings]]
metric = "oven_temperature"
unit = "count"
exporter = "the oven"
query = 'temperature{$match}'

[[readings]]
metric = "broken"
unit = "count"
exporter = "nobody"
sum = 'rate(temperature{$match}[5x])'
"""


async def test_queries_of_ones_own_are_read_and_a_wrong_one_is_a_gap_that_names_it(
    server: tuple[Past, str], tmp_path: Path
) -> None:
    past, url = server
    (tmp_path / "own.toml").write_text(OWN)
    read_here = await read(url, past.window, "own", tmp_path / "own.toml")
    found = Seen(read_here)
    assert found.steady("cart", "orders_failed_rate") == (0.1, "per_second")
    assert found.steady("oven", "oven_temperature") == (20.0, "count")
    assert isinstance(read_here, Incomplete)
    doubled, broken = sorted(read_here.gaps, key=lambda gap: "broken" in gap.reason)
    assert "several series of oven came" in doubled.reason
    assert broken.reason.startswith("broken: Prometheus 127.0.0.1")
    assert "bad_data" in broken.reason
    assert broken.remedy == "mend the query in IC_PROMETHEUS_QUERIES"


async def test_a_window_that_is_over_before_any_sample_has_no_series(server: tuple[Past, str]) -> None:
    past, url = server
    long_ago = Window(start=past.window.start.replace(year=2020), end=past.window.end.replace(year=2020))
    assert await read(url, long_ago, "client") == ()


async def test_doctor_is_told_how_much_can_be_read(server: tuple[Past, str]) -> None:
    _, url = server
    source = PrometheusSource(PrometheusAt(url))
    assert source.seen().detail == "not asked yet"
    state = await source.check()
    await source.close()
    assert state.state == "ok"
    assert "metrics looked for, scraped every 15 s" in state.detail
