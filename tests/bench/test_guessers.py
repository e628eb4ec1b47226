"""The guessers' shares are exact expectations, judged by the rule the agents are judged by."""

from datetime import UTC, datetime, timedelta

import pytest

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.bench.guessers import oldest_alert_guess, random_guess
from incident_commander.domain.alert import Alert
from incident_commander.domain.base import Fingerprint, ServiceName
from incident_commander.domain.plan import ActionName
from incident_commander.domain.practice import Answer
from incident_commander.domain.telemetry import Service, Topology

START = datetime(2026, 1, 1, tzinfo=UTC)
API, DATABASE, UNKNOWN = ServiceName("orders-api"), ServiceName("orders-db"), ServiceName("bought-in")
TOPOLOGY = Topology(
    services=(
        Service(name=API, kind="api"),
        Service(name=DATABASE, kind="database"),
        Service(name=UNKNOWN, kind="unknown"),
    )
)
CATALOGUE = load_catalogue()
ON_API = [name for name, spec in CATALOGUE.proposed.items() if "api" in spec.target_kinds]
ON_DATABASE = [name for name, spec in CATALOGUE.proposed.items() if "database" in spec.target_kinds]


def answer(service: ServiceName | None, *acceptable: tuple[ActionName, ServiceName]) -> Answer:
    return Answer(service=service, fault=None, acceptable=acceptable, harmful=(), explanation="")


def alert(service: ServiceName | None, minutes: int) -> Alert:
    at = START + timedelta(minutes=minutes)
    return Alert(
        fingerprint=Fingerprint(f"{service}-{minutes}"),
        name="HighLatency",
        service=service,
        severity="high",
        status="firing",
        labels={},
        annotations={},
        starts_at=at,
        ends_at=None,
        source="generic",
        received_at=at,
    )


def test_the_random_guesser_earns_one_in_as_many_as_there_are_choices() -> None:
    guess = random_guess(TOPOLOGY, CATALOGUE, answer(API, ("restart", API), ("raise_pool", API)))
    assert guess.cause == pytest.approx(1 / 3)
    assert guess.plan == pytest.approx(2 / (len(ON_API) + len(ON_DATABASE) + 1))


def test_where_acting_is_wrong_only_doing_nothing_is_acceptable() -> None:
    guess = random_guess(TOPOLOGY, CATALOGUE, answer(None))
    assert guess.cause is None
    assert guess.plan == pytest.approx(1 / (len(ON_API) + len(ON_DATABASE) + 1))


def test_the_oldest_alert_guesser_blames_the_service_that_alerted_first() -> None:
    alerts = [alert(DATABASE, 3), alert(API, 1), alert(None, 0)]
    right = oldest_alert_guess(TOPOLOGY, CATALOGUE, answer(API, ("restart", API)), alerts)
    assert right.cause == 1.0
    assert right.plan == pytest.approx(1 / len(ON_API))
    wrong = oldest_alert_guess(TOPOLOGY, CATALOGUE, answer(DATABASE, ("failover", DATABASE)), alerts)
    assert (wrong.cause, wrong.plan) == (0.0, 0.0)


def test_the_oldest_alert_guesser_does_nothing_where_nothing_can_be_done() -> None:
    assert oldest_alert_guess(TOPOLOGY, CATALOGUE, answer(None), [alert(UNKNOWN, 1)]).plan == 1.0
    assert oldest_alert_guess(TOPOLOGY, CATALOGUE, answer(API, ("restart", API)), []).plan == 0.0
