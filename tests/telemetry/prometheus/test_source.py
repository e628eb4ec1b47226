"""A Prometheus that is down, slow, in disguise, full, restricted or set to another time: a gap says so, and soon."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incident_commander.domain.breaker import Breaker
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import Gap, Incomplete, Window
from incident_commander.telemetry.prometheus import PrometheusAt, PrometheusSource
from incident_commander.telemetry.source import SourceMisconfigured

from .impostor import Asked, Impostor, Reply, impostor, scalar

TWO = """
replace = true
[[readings]]
metric = "request_rate"
unit = "per_second"
exporter = "x"
sum = 'rate(a_total{$match}[$range])'
[[readings]]
metric = "queue_depth"
unit = "count"
exporter = "x"
sum = 'depth{$match}'
"""


def window() -> Window:
    now = datetime.now(UTC)
    return Window(start=now - timedelta(minutes=30), end=now)


def matrix(service: str = "cart", values: object = None, **more: object) -> Reply:
    points = values if values is not None else [[time.time() - 60, "1"]]
    series = [{"metric": {"ic_service": service, "ic_rank": "0"}, "values": points}]
    return Reply(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}, **more}))


def behaving(asked: Asked, ahead: float = 0.0) -> Reply:
    if asked.path.endswith("/query"):
        return scalar("15", time.time() + ahead)
    if asked.path.endswith("/values"):
        return Reply('{"status":"success","data":["a_total","depth"]}')
    return matrix()


def but(trouble: Callable[[], Reply], where: str = "query_range", about: str = "") -> Callable[[Asked], Reply]:
    """Answers well but to one kind of request."""
    return lambda asked: trouble() if asked.path.endswith(where) and about in asked.query else behaving(asked)


@pytest.fixture
def server() -> Iterator[Impostor]:
    with impostor() as posing:
        posing.answer = behaving
        yield posing


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "two.toml"
    path.write_text(TWO)
    return path


@pytest.fixture
async def source(server: Impostor, queries: Path) -> AsyncIterator[PrometheusSource]:
    source = PrometheusSource(PrometheusAt(server.url, queries=queries))
    yield source
    await source.close()


async def gap_of(source: PrometheusSource) -> Gap:
    with pytest.raises(SourceUnavailable) as caught:
        await source.metrics(window())
    assert len(caught.value.gaps) == 1
    return caught.value.gap


async def test_a_server_that_says_nothing_costs_its_time_once_and_then_nothing(server: Impostor, queries: Path) -> None:
    server.answer = lambda asked: Reply("", silent=True)
    source = PrometheusSource(PrometheusAt(server.url, queries=queries), seconds=0.5)
    gap = await gap_of(source)
    assert "gave no answer in time (0.5 s)" in gap.reason
    assert "IC_PROMETHEUS_URL" in gap.remedy
    asked = len(server.asked)
    for _ in range(5):
        assert "asked again in" in (await gap_of(source)).reason
    assert len(server.asked) == asked, "nobody is asked while it rests"
    assert source.seen().state == "down"
    await source.close()


async def test_where_nobody_listens_that_is_said(port: int) -> None:
    source = PrometheusSource(PrometheusAt(f"http://127.0.0.1:{port}"))
    assert "did not answer" in (await gap_of(source)).reason
    state = await source.check()
    await source.close()
    assert state.state == "down"


async def test_a_rest_ends_and_a_server_that_is_back_is_read(server: Impostor, queries: Path) -> None:
    resting = Breaker(rest_seconds=0.0)
    resting.failed("it was down")
    source = PrometheusSource(PrometheusAt(server.url, queries=queries), breaker=resting)
    assert [each.metric for each in await source.metrics(window())] == ["request_rate", "queue_depth"]
    assert source.seen().state == "ok"
    assert not resting.open
    await source.close()


@pytest.mark.parametrize(
    ("reply", "reason", "remedy"),
    [
        (Reply("<html>log in</html>"), "answered with something else than its API describes", "IC_PROMETHEUS_URL"),
        (Reply('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{}}]}}'), "values", "API"),
        (Reply("", status=401), "refused the credentials with 401", "IC_PROMETHEUS_TOKEN"),
        (Reply("no", status=502), "answered with status 502", "IC_PROMETHEUS_URL"),
        (Reply("moved", status=302), "answered with status 302", "IC_PROMETHEUS_URL"),
        (Reply('{"status":"error","errorType":"bad_data","error":"parse"}', status=400), "bad_data: parse", "QUERIES"),
        (Reply('{"status":"error","errorType":"timeout","error":"slow"}', status=503), "timeout: slow", "see to it"),
        (Reply('{"status":"success"', cut=True), "did not answer", "see to it"),
        (Reply(b"[" + b"0," * (9 * 2**20)), "larger than 16 MiB", "IC_PROMETHEUS_MATCH"),
    ],
)
async def test_an_answer_that_is_none_is_one_gap_with_its_remedy(
    server: Impostor, source: PrometheusSource, reply: Reply, reason: str, remedy: str
) -> None:
    server.answer = but(lambda: reply)
    gap = await gap_of(source)
    assert gap.signal == "metrics"
    assert reason in gap.reason
    assert remedy in gap.remedy


async def test_what_one_query_does_not_answer_is_a_gap_beside_what_the_others_do(
    server: Impostor, source: PrometheusSource
) -> None:
    server.answer = but(lambda: Reply("oops", status=500), about="depth")
    found = await source.metrics(window())
    assert [each.metric for each in found] == ["request_rate"]
    assert isinstance(found, Incomplete)
    assert found.gaps[0].reason.startswith("queue_depth: ")
    assert source.seen().state == "degraded"


async def test_a_warning_of_the_server_is_a_gap(server: Impostor, source: PrometheusSource) -> None:
    server.answer = but(lambda: matrix(warnings=["store 3 did not answer"]), about="depth")
    found = await source.metrics(window())
    assert len(found) == 2
    assert isinstance(found, Incomplete)
    assert "store 3 did not answer" in found.gaps[0].reason


@pytest.mark.parametrize("ahead", [-240.0, 240.0])
async def test_a_clock_that_is_wrong_moves_no_sample_and_is_told(
    server: Impostor, source: PrometheusSource, ahead: float
) -> None:
    at = time.time() - 60
    server.answer = lambda asked: (
        matrix(values=[[at + ahead, "1"]]) if asked.path.endswith("range") else behaving(asked, ahead)
    )
    found = await source.metrics(window())
    assert all(abs(float(each.timestamps[0]) - at) <= 2 for each in found)
    assert isinstance(found, Incomplete)
    assert "240 s" in found.gaps[0].reason
    assert "NTP" in found.gaps[0].remedy


async def test_a_server_that_does_not_list_its_names_is_asked_for_everything(
    server: Impostor, source: PrometheusSource
) -> None:
    server.answer = but(lambda: Reply("not found", status=404), where="values")
    assert len(await source.metrics(window())) == 2


async def test_what_a_server_does_not_have_is_not_asked_for(server: Impostor, source: PrometheusSource) -> None:
    server.answer = but(lambda: Reply('{"status":"success","data":["depth"]}'), where="values")
    assert [each.metric for each in await source.metrics(window())] == ["queue_depth"]
    assert [asked.path.rpartition("/")[2] for asked in server.asked] == ["query", "values", "query_range"]


async def test_the_same_moments_are_read_once_for_stages_that_follow_each_other(
    server: Impostor, source: PrometheusSource
) -> None:
    seen = window()
    await source.metrics(seen)
    asked = len(server.asked)
    assert len(await source.metrics(seen)) == 2
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("at", "header", "value"),
    [
        ({"token": "t0ken"}, "authorization", "Bearer t0ken"),
        ({"basic_auth": "ada:se:cret"}, "authorization", "Basic YWRhOnNlOmNyZXQ="),
        ({"headers": (("X-Scope-OrgID", "shop"),)}, "x-scope-orgid", "shop"),
    ],
)
async def test_credentials_go_with_every_request(server: Impostor, at: dict[str, str], header: str, value: str) -> None:
    source = PrometheusSource(PrometheusAt(server.url, **at))  # type: ignore[arg-type]
    await source.check()
    await source.close()
    assert {asked.headers.get(header) for asked in server.asked} == {value}


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (PrometheusAt("prometheus:9090"), "such as http"),
        (PrometheusAt("http://x/?a=b"), "such as http"),
        (PrometheusAt("http://ada:secret@x"), "IC_PROMETHEUS_BASIC_AUTH"),
        (PrometheusAt("http://x", token="a", basic_auth="b:c"), "keep one"),
        (PrometheusAt("http://x", basic_auth="b"), "not user:password"),
    ],
)
def test_a_setting_that_cannot_be_is_told_without_the_secret(at: PrometheusAt, said: str) -> None:
    with pytest.raises(SourceMisconfigured) as caught:
        PrometheusSource(at)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
