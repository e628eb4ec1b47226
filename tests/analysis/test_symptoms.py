import pytest

from incident_commander.analysis.change_effects import Effect
from incident_commander.analysis.diff_reading import read_diff
from incident_commander.analysis.mechanisms import mechanisms_of
from incident_commander.analysis.setting_changes import settings_in
from incident_commander.analysis.symptoms import kind_of_metric, kinds_said


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("db_pool_wait_seconds_p99", "pool"), ("container_memory_rss_mb", "memory"), ("cache_hit_ratio", "cache"),
        ("db_query_duration_p99_ms", "slow_query"), ("http_server_duration_p99_ms", "latency"),
        ("error_rate_5xx_ratio", "errors"), ("kafka_consumer_lag", "queue"), ("requests_per_sec", "traffic"),
        ("go_goroutines", "threads"), ("tls_handshake_errors_per_sec", "tls"), ("CPUUtilization", "cpu"),
        ("basket_colour", None),
    ],
)  # fmt: skip
def test_a_metric_is_of_the_kind_that_its_name_says(metric: str, kind: str | None) -> None:
    assert kind_of_metric(metric) == kind


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("panic: runtime error: invalid memory address or nil pointer dereference", "crash"),
        ("dial tcp: lookup shop on 10.0.0.10:53: no such host", "dns"),
        ("pq: deadlock detected", "deadlock"),
        ("write /var/log/a: no space left on device", "disk"),
        ("answered 429 Too Many Requests", "limited"),
        ("missing required field", "decode"),
    ],
)
def test_a_line_speaks_of_a_kind_of_trouble(line: str, kind: str) -> None:
    assert kind in kinds_said(line)


def test_numbers_are_no_status_codes_by_chance() -> None:
    assert "limited" not in kinds_said("served in 4291 ms")
    assert "denied" not in kinds_said("order 140134 placed")


def mechanisms(old: str, new: str, path: str = "a.yaml") -> set[str]:
    (hunk,) = read_diff(f"@@ {path} @@\n-{old}\n+{new}\n")
    (setting,) = settings_in(hunk)[0]
    return {kind for way in mechanisms_of(Effect("setting", 1.0, "", path, setting)) for kind in way.brings}


def test_a_smaller_pool_runs_out_and_a_longer_idle_time_does_not() -> None:
    assert "pool" in mechanisms("max_conns: 50", "max_conns: 10")
    assert "pool" not in mechanisms("max_conn_idle: 30s", "max_conn_idle: 5m")


def test_the_direction_of_a_setting_decides() -> None:
    assert "cache" in mechanisms("cache_ttl: 15m", "cache_ttl: 15s")
    assert "cache" not in mechanisms("cache_ttl: 15s", "cache_ttl: 15m")
    assert "disk" in mechanisms("log_level: info", "log_level: debug")
    assert "disk" not in mechanisms("log_level: debug", "log_level: info")
