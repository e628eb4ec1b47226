from datetime import UTC, datetime, timedelta

import pytest

from incident_commander.analysis.landings import landings_of, named_in_path
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import Change, ChangeKind

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NAMES = frozenset(map(ServiceName, ("paymentservice", "productcatalogservice", "cartservice", "logging-agent")))


def change(
    kind: ChangeKind, reference: str, minute: int, service: str | None = None, *files: str, detail: str = ""
) -> Change:
    return Change(
        at=START + timedelta(minutes=minute), service=None if service is None else ServiceName(service), kind=kind,
        reference=reference, summary=reference, detail=detail, files=files,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("services/payment/charge.go", {"paymentservice"}),
        ("src/paymentservice/main.go", {"paymentservice"}),
        ("services/logging-agent/config/agent.yaml", {"logging-agent"}),
        ("services/catalog/list.go", {"productcatalogservice"}),
        ("pkg/cache/config.go", set()),
        ("services/frontend/static/payment.css", {"paymentservice"}),
    ],
)
def test_a_path_names_services_by_their_short_names(path: str, names: set[str]) -> None:
    assert named_in_path(path, NAMES) == names


def test_a_deploy_lands_the_commit_that_it_names() -> None:
    commit = change("commit", "a" * 40, 1, None, "pkg/db/pool.go")
    deploy = change("deploy", "a" * 40, 9, "cartservice")
    (landing,) = (each for each in landings_of((commit, deploy), NAMES) if each.certain)
    assert (landing.change, landing.service, landing.by) == (commit, "cartservice", deploy)
    assert landing.at == deploy.at.timestamp()


def test_shared_code_may_come_with_any_later_deploy_but_no_earlier_one() -> None:
    commit = change("commit", "c1", 5, None, "pkg/db/pool.go")
    early, late = change("deploy", "x", 3, "cartservice"), change("deploy", "y", 8, "paymentservice")
    landed = [each for each in landings_of((commit, early, late), NAMES) if each.change is commit]
    assert [(each.service, each.certain) for each in landed] == [("paymentservice", False)]


def test_a_flag_lands_the_code_that_asks_for_it() -> None:
    commit = change("commit", "c1", 1, None, "services/cart/a.go", detail='@@ a.go @@\n+if flags.Enabled("new_cart") {')
    flag = change("flag", "new_cart", 30, "cartservice")
    landed = [each for each in landings_of((commit, flag), NAMES) if each.change is commit and each.by is flag]
    assert [(each.service, each.at) for each in landed] == [("cartservice", flag.at.timestamp())]
