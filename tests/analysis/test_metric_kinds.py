import pytest

from incident_commander.analysis.metric_kinds import meaning_of


@pytest.mark.parametrize(
    ("metric", "unit", "kind", "resource", "harm"),
    [
        ("latency_p99_ms", "ms", "latency", "none", "up"),
        ("http_server_duration_p99_ms", "", "latency", "none", "up"),
        ("error_ratio", "ratio", "errors", "none", "up"),
        ("http_5xx_per_sec", "", "errors", "none", "up"),
        ("request_rate", "per_second", "traffic", "none", "either"),
        ("db_queries_per_second", "", "traffic", "none", "either"),
        ("CPUUtilization", "percent", "saturation", "cpu", "up"),
        ("memory_utilization", "percent", "saturation", "memory", "up"),
        ("connection_pool_utilization", "percent", "saturation", "pool", "up"),
        ("disk_used_pct", "", "saturation", "disk", "up"),
        ("queue_depth", "count", "saturation", "queue", "up"),
        ("oldest_message_age_seconds", "seconds", "saturation", "queue", "up"),
        ("cache_hit_ratio", "ratio", "cache", "none", "down"),
        ("instances", "count", "availability", "none", "down"),
        ("db_pool_max_conns", "", "limit", "pool", "down"),
        ("new_source_ratio", "ratio", "clients", "none", "up"),
        ("checkout_ratio", "ratio", "conversion", "none", "down"),
        ("client_error_ratio", "ratio", "refusals", "none", "up"),
        ("HTTPCode_Target_4XX_Count", "count", "refusals", "none", "up"),
        ("HTTPCode_Target_5XX_Count", "count", "errors", "none", "up"),
        ("BlockedRequests", "count", "refusals", "none", "up"),
        ("auth_failure_rate", "per_second", "denials", "none", "up"),
        ("identity_call_rate", "per_second", "identity", "none", "up"),
        ("egress_bytes_per_second", "bytes_per_second", "egress", "none", "up"),
        ("NetworkOut", "bytes", "egress", "none", "up"),
        ("io_latency_ms", "ms", "io", "disk", "up"),
        ("WriteLatency", "seconds", "io", "disk", "up"),
        ("write_error_rate", "per_second", "errors", "disk", "up"),
        ("FreeStorageSpace", "bytes", "limit", "disk", "down"),
        ("FreeableMemory", "bytes", "limit", "memory", "down"),
        ("CPUCreditBalance", "count", "limit", "cpu", "down"),
        ("error_budget_remaining", "ratio", "other", "none", "down"),
        ("UnHealthyHostCount", "count", "errors", "none", "up"),
        ("HealthyHostCount", "count", "availability", "none", "down"),
        ("order_success_ratio", "", "availability", "none", "down"),
        ("ThrottledRequests", "count", "errors", "none", "up"),
        ("ApproximateNumberOfMessagesVisible", "count", "saturation", "queue", "up"),
        ("disk_io_utilization_ratio", "", "saturation", "cpu", "up"),
        ("disk_utilization", "percent", "saturation", "disk", "up"),
        ("flux_capacity", "", "other", "none", "either"),
    ],
)
def test_a_metric_is_classified_by_the_words_of_its_name(
    metric: str, unit: str, kind: str, resource: str, harm: str
) -> None:
    meaning = meaning_of(metric, unit)
    assert (meaning.kind, meaning.resource, meaning.harm) == (kind, resource, harm)


def test_a_share_ends_at_one_or_at_a_hundred_by_its_unit_else_by_its_values() -> None:
    assert meaning_of("cpu_utilization", "percent").capacity("percent", 0.4) == 100.0
    assert meaning_of("cpu_utilization", "").capacity("", 0.97) == 1.0
    assert meaning_of("cpu_utilization", "").capacity("", 96.0) == 100.0
    assert meaning_of("queue_depth", "count").capacity("count", 900.0) is None
