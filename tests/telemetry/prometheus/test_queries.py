"""The data that says what a Prometheus' metrics mean: what is shipped, and what a file of one's own may say."""

from pathlib import Path

import pytest

from incident_commander.analysis.metric_kinds import meaning_of
from incident_commander.sandbox.archive import COLUMNS
from incident_commander.telemetry.prometheus import QueriesError, load_queries

READING = 'metric = "x"\nunit = "count"\nexporter = "y"\n'


def test_what_is_shipped_knows_every_metric_of_the_practice_company_by_its_unit() -> None:
    assert load_queries().recorded == dict(COLUMNS)


def test_analysis_knows_what_every_shipped_metric_means() -> None:
    unknown = {
        reading.metric
        for reading in load_queries().readings
        if meaning_of(reading.metric, reading.unit).kind == "other"
    }
    assert unknown == {"goroutines"}, "which tells of a leak by its name alone"


def own(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text)
    return path


def test_a_file_of_ones_own_comes_first_and_keeps_what_is_shipped(tmp_path: Path) -> None:
    shipped = load_queries()
    text = '[[readings]]\nmetric = "request_rate"\nunit = "per_second"\nexporter = "ours"\nsum = "our_rate{$match}"\n'
    queries = load_queries(own(tmp_path, text))
    of_rate = [reading.exporter for reading in queries.readings if reading.metric == "request_rate"]
    assert of_rate[0] == "ours"
    assert len(queries.readings) == len(shipped.readings) + 1
    assert queries.labels == shipped.labels


def test_a_file_of_ones_own_may_replace_it_all_but_who_is_who(tmp_path: Path) -> None:
    queries = load_queries(own(tmp_path, f'replace = true\n[[readings]]\n{READING}sum = "z{{$match}}"\n'))
    assert [reading.metric for reading in queries.readings] == ["x"]
    assert queries.recorded == {}
    assert queries.labels == load_queries().labels


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[readings]]\n" + READING, "say exactly one of sum"),
        ("[[readings]]\n" + READING + 'sum = "a{$match}"\nmax = "a{$match}"', "say exactly one of sum"),
        ("[[readings]]\n" + READING + 'part = "a{$match}"', "part and whole belong together"),
        ("[[readings]]\n" + READING + 'buckets = "a{$match}"', "buckets and quantile belong together"),
        ("[[readings]]\n" + READING + 'sum = "rate(a[5m])"', "begin every selector"),
        ("[[readings]]\n" + READING + "sum = 'a{code=\"{$match\"}'", "begin every selector"),
        ("[[readings]]\n" + READING + "sum = \"a{$match} / b{job='x'}\"", "begin every selector"),
        ("[[readings]]\n" + READING.replace("count", "furlong") + 'sum = "a{$match}"', "unit"),
        ("[[readings]]\n" + READING.replace('"x"', '"request_rate"') + 'sum = "a{$match}"', "give it one unit"),
        ('labels = [{ label = "job", take = "(" }]', "is no regular expression"),
        ('labels = [{ label = "job", take = ".+" }]', "has 0 groups"),
        ("sense = 1", "sense"),
        ("labels = [", "is not TOML"),
    ],
)
def test_what_a_file_cannot_say_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(QueriesError) as caught:
        load_queries(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(QueriesError, match="cannot be read"):
        load_queries(tmp_path / "nowhere.toml")
