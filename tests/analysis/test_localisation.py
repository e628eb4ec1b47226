from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.excess_harm import CallMetrics, Harm
from incident_commander.analysis.localisation import Localisation, localise
from incident_commander.domain.telemetry import FloatArray

from .series import noise

CALLS = {"edge": frozenset({"api", "search"}), "api": frozenset({"db", "cache"})}
USUAL = {"edge": 0.10, "api": 0.05, "search": 0.02, "db": 0.01, "cache": 0.001}
CALLED = {"edge": 400.0, "api": 300.0, "search": 100.0, "db": 900.0, "cache": 300.0}
COURSE = np.array([0.0, 0.4, 1.0, 1.0, 0.0])
N = 300


def metrics(
    harmed: Mapping[str, float],
    harm: Harm = "latency",
    course: FloatArray = COURSE,
    moved: Mapping[str, float] | None = None,
) -> CallMetrics:
    """`harmed`: seconds, or the share of failures, that are added to each call; `moved`: by which factor a level is."""
    nodes = tuple(USUAL)
    reference = np.empty((N, len(nodes)))
    window = np.empty((course.size, len(nodes)))
    for i, node in enumerate(nodes):
        usual = USUAL[node] if harm == "latency" else 0.001
        spread = 0.05 * usual
        reference[:, i] = usual + spread * noise(N, i)
        level = usual * (moved or {}).get(node, 1.0)
        window[:, i] = level + spread * noise(course.size, 100 + i) + course * harmed.get(node, 0.0)
    if harm == "errors":
        reference, window = np.clip(reference, 0, 1), np.clip(window, 0, 1)
    calls = np.array([CALLED[node] for node in nodes])
    return CallMetrics(harm, nodes, reference, window, np.tile(calls, (N, 1)), np.tile(calls, (course.size, 1)))


def named(found: Localisation) -> list[str]:
    return [suspect.node for suspect in found.suspects]


def test_blames_the_deepest_service_whose_seconds_explain_its_callers() -> None:
    # 400 calls of the edge make 300 of api and these 900 of db: 0.04 s a call there are 0.12 s of api, 0.09 s of edge.
    found = localise(CALLS, "edge", metrics({"edge": 0.09, "api": 0.12, "db": 0.04}))
    assert named(found)[0] == "db"
    assert found.suspects[0].probability > 0.9
    assert found.suspects[0].excess == pytest.approx(0.04 * 900 * COURSE.sum(), rel=0.1)


def test_blames_a_service_for_what_its_callees_do_not_explain() -> None:
    found = localise(CALLS, "edge", metrics({"edge": 0.09, "api": 0.12, "db": 0.004}))
    assert named(found)[0] == "api"


def test_blames_the_alerting_service_itself_where_all_below_is_well() -> None:
    found = localise(CALLS, "edge", metrics({"edge": 0.2}))
    assert named(found)[0] == "edge"
    assert "explains 0 % of that" in " ".join(found.suspects[0].evidence)


def test_follows_failures_as_it_follows_seconds() -> None:
    found = localise(CALLS, "edge", metrics({"edge": 0.2, "search": 0.8}, "errors"), metrics({}))
    assert named(found)[0] == "search"


def test_a_service_whose_level_merely_moved_is_no_suspect() -> None:
    found = localise(
        CALLS, "edge", metrics({"edge": 0.09, "api": 0.12, "db": 0.04}, moved={"search": 4.0, "cache": 9.0})
    )
    assert named(found)[0] == "db"
    assert not {"search", "cache"} & set(named(found)[:2])


def test_a_window_that_is_bad_from_end_to_end_is_explained_too() -> None:
    found = localise(CALLS, "edge", metrics({"edge": 0.09, "api": 0.12, "db": 0.04}, course=np.ones(5)))
    assert named(found)[0] == "db"


def test_nobody_is_named_in_normal_times() -> None:
    found = localise(CALLS, "edge", metrics({}))
    assert found.suspects == ()
    assert "edge is as usual" in found.reason


def test_nobody_is_named_for_an_alert_that_got_better() -> None:
    assert localise(CALLS, "edge", metrics({"edge": -0.05}, course=np.ones(5))).suspects == ()


def test_trouble_elsewhere_is_not_blamed() -> None:
    found = localise(CALLS, "search", metrics({"search": 0.1, "db": 0.5}))
    assert named(found) == ["search"]


def test_a_callee_that_was_never_called_before_comes_behind_its_caller() -> None:
    known = metrics({"edge": 0.2, "search": 0.8, "cache": 0.9}, "errors")
    reference, window = known.reference.copy(), known.window.copy()
    cache = known.nodes.index("cache")
    reference[:, cache] = np.nan
    window[COURSE < 0.5, cache] = np.nan
    calls = {"edge": frozenset({"search"}), "search": frozenset({"cache"})}
    found = localise(
        calls, "edge", CallMetrics("errors", known.nodes, reference, window, known.reference_calls, known.window_calls)
    )
    assert named(found)[:2] == ["search", "cache"]


def test_cycles_islands_and_services_without_metrics_are_walked() -> None:
    calls = {
        "edge": frozenset({"proxy", "edge"}),
        "proxy": frozenset({"api"}),
        "api": frozenset({"db", "edge"}),
        "island": frozenset({"reef"}),
    }
    found = localise(calls, "edge", metrics({"edge": 0.09, "api": 0.12, "db": 0.04}))
    assert named(found)[0] == "db"


def test_a_service_in_between_that_is_too_noisy_to_show_it_does_not_refute_it() -> None:
    known = metrics({"edge": 0.09, "db": 0.04})
    reference, window = known.reference.copy(), known.window.copy()
    api = known.nodes.index("api")
    reference[:, api] = 0.3 + 0.25 * np.abs(noise(N, 77))
    window[:, api] = [0.5, 0.4, 0.55, 0.42, 0.48]
    found = localise(
        CALLS, "edge", CallMetrics("latency", known.nodes, reference, window, known.reference_calls, known.window_calls)
    )
    assert named(found)[0] == "db"


def test_without_a_graph_only_the_alerting_service_can_be_blamed() -> None:
    assert named(localise({}, "edge", metrics({"edge": 0.09, "db": 0.04}))) == ["edge"]


def test_an_alerting_service_without_metrics_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="'payments' is not among the 5"):
        localise(CALLS, "payments", metrics({}))


def test_calls_that_are_not_known_are_taken_as_one_a_row() -> None:
    known = metrics({"edge": 0.2, "search": 0.2})
    blank = CallMetrics(
        "latency", known.nodes, known.reference, known.window,
        np.full_like(known.reference, np.nan), np.full_like(known.window, np.nan),
    )  # fmt: skip
    assert named(localise(CALLS, "edge", blank))[0] == "search"


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 12),
    st.integers(0, 2**31),
    st.sampled_from([float("nan"), 0.0, 1.0]),
    st.floats(0.0, 0.9),
)
def test_any_table_and_graph_gives_a_ranking_of_probabilities(
    n_nodes: int, seed: int, filler: float, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    nodes = tuple(f"n{i}" for i in range(n_nodes))
    tables = [rng.lognormal(size=(rows, n_nodes)) for rows in (30, 5, 30, 5)]
    for table in tables:
        table[rng.random(table.shape) < missing] = filler
    calls = {
        f"n{i}": frozenset(f"n{j}" for j in rng.integers(0, n_nodes + 3, 2)) for i in range(n_nodes)
    }  # fmt: skip
    tables[1][:, 0] *= 5
    found = localise(calls, "n0", CallMetrics("latency", nodes, *tables))
    assert 0.0 <= found.chance <= 1.0
    assert sum(suspect.probability for suspect in found.suspects) <= 1.0 + 1e-9
    scores = [suspect.score for suspect in found.suspects]
    assert scores == sorted(scores, reverse=True)
    assert bool(found.suspects) != bool(found.reason)
