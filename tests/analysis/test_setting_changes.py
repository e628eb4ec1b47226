import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.analysis.diff_reading import read_diff
from incident_commander.analysis.setting_changes import Setting, amount_of, option_changed, settings_in, words_of


def changed(old: str, new: str, path: str = "services/shop/config.yaml", above: str = "") -> Setting:
    text = f"@@ {path} @@\n" + (f" {above}\n" if above else "") + f"-{old}\n+{new}\n"
    (hunk,) = read_diff(text)
    (setting,) = settings_in(hunk)[0]
    return setting


@pytest.mark.parametrize(
    ("old", "new", "factor"),
    [
        ("\tTTL: 15 * time.Minute,", "\tTTL: 15 * time.Second,", 1 / 60),
        ("  ttl: 15m", "  ttl: 15s", 1 / 60),
        ("timeout = timedelta(seconds=30)", "timeout = timedelta(minutes=5)", 10),
        ("  wait(Duration.ofSeconds(2))", "  wait(Duration.ofMillis(500))", 0.25),
        ("const maxConns = 50", "const maxConns = 10", 0.2),
        ("  memory: 2Gi", "  memory: 512Mi", 0.25),
        ('    cpu: "2"', "    cpu: 500m", 0.25),
        ("  rate: 10%", "  rate: 50%", 5),
        ("batch = 1_000", "batch = 500", 0.5),
        ('ENV OPTS="-Xms1g -Xmx4g"', 'ENV OPTS="-Xmx1g"', None),
        ("  level: info", "  level: debug", 4),
        ("  enabled: true", "  enabled: false", 0.25),
        ('  schedule: "0 3 * * *"', '  schedule: "0 * * * *"', 1 / 24),
        ("  addr: shop:80", "  addr: store:80", None),
    ],
)
def test_the_factor_of_a_setting_is_that_of_its_amounts(old: str, new: str, factor: float | None) -> None:
    assert changed(old, new).factor == (None if factor is None else pytest.approx(factor, rel=1e-6))


def test_a_setting_is_named_by_its_words_and_by_what_it_stands_in() -> None:
    setting = changed("    max: 200", "    max: 20", above="  threads:")
    assert "max" in setting.words
    assert "thread" in setting.around


def test_a_value_without_a_name_takes_that_of_the_line_above() -> None:
    setting = changed('    value = "500"', '    value = "60"', "infra/db.tf", above='    name  = "max_connections"')
    assert {"max", "connections"} <= setting.words
    assert setting.factor == pytest.approx(0.12)


def test_what_was_added_has_no_old_value() -> None:
    (hunk,) = read_diff("@@ app.yaml @@\n+  burst: 10\n")
    (setting,) = settings_in(hunk)[0]
    assert (setting.old, setting.new, setting.factor) == (None, "10", None)


def test_of_options_what_differs_is_told() -> None:
    old, new = "-Xms2g -XX:+UseG1GC", "-Xms2g -XX:+UseSerialGC"
    switched = option_changed(changed(f'JAVA_OPTS="{old}"', f'JAVA_OPTS="{new}"', "deploy/jvm.env"))
    assert switched is not None
    assert (switched.old, switched.new, switched.factor) == ("-XX:+UseG1GC", "-XX:+UseSerialGC", None)
    assert "gc" in switched.words
    smaller = option_changed(changed('OPTS="-Xmx4g --fast"', 'OPTS="-Xmx1g --fast"'))
    assert smaller is not None
    assert smaller.factor == pytest.approx(0.25)
    assert option_changed(changed("  mode: --fast", "  mode: --slow")) is None
    assert option_changed(changed("  name: a", "  name: b")) is None


def test_words_are_taken_apart() -> None:
    assert words_of("MaxConnIdleTime http_timeouts") == {"max", "conn", "idle", "time", "http", "timeouts", "timeout"}


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_lines_are_read(old: str, new: str) -> None:
    lines = [f"-{line}" for line in old.splitlines()] + [f"+{line}" for line in new.splitlines()]
    for hunk in read_diff("\n".join(("@@ app.yaml @@", *lines))):
        for setting in settings_in(hunk)[0]:
            assert setting.factor is None or setting.factor > 0


@given(st.integers(1, 10_000), st.sampled_from(["ms", "s", "m", "h"]))
def test_durations_are_positive_seconds(number: int, unit: str) -> None:
    amount = amount_of(f"{number}{unit}")
    assert amount is not None
    assert amount[0] == "time"
    assert amount[1] > 0
