"""No action without a case: each ran against a loopback AWS and was undone, or is marked as what stays."""

import re

import pytest

from incident_commander.actions.aws.resources import Webhook
from incident_commander.domain.plan import ActionName

from ...running import REPOSITORY
from .cases import CASES, CATALOGUE

pytestmark = pytest.mark.loopback
DOCUMENT = (REPOSITORY / "docs" / "actions.md").read_text()


def test_every_action_on_every_type_of_resource_has_a_case() -> None:
    """The cases run in test_operations; those of webhooks, which are no AWS, in test_webhook."""
    assert {(case.type, case.action) for case in CASES} == {
        (kind, name) for name, spec in CATALOGUE.actions.items() for kind in spec.on
    }
    assert set(Webhook.can) == set(CATALOGUE.actions)


@pytest.mark.parametrize("name", CATALOGUE.actions)
def test_every_class_of_actions_was_undone_somewhere_or_is_marked_irreversible(name: ActionName) -> None:
    undone = [case.name for case in CASES if case.action == name and case.reversible]
    assert bool(undone) is CATALOGUE[name].reversible


def documented() -> dict[tuple[str, str], tuple[str, bool, str]]:
    """The document's table: by type and action, its call, whether it is taken back, and what it was tested against."""
    (table,) = re.findall(r"\| type \(its keys\).*?\n\|[-|]+\n(.*?)\n\n", DOCUMENT, flags=re.DOTALL)
    rows: dict[tuple[str, str], tuple[str, bool, str]] = {}
    kind = ""
    for line in table.splitlines():
        first, actions, call, back, server = (cell.strip() for cell in line.strip("|").split("|"))
        named = re.match(r"`(\w+)`", first)
        kind = named.group(1) if named else kind
        for action in actions.split(", "):
            rows[kind, action] = (re.split(r"\W", call)[0], back == "yes", server)
    return rows


def test_the_document_tells_of_each_what_is_so() -> None:
    servers: dict[tuple[str, str], set[str]] = {}
    for case in CASES:
        servers.setdefault((case.type, case.action), set()).add("own server" if case.server == "own" else case.server)
    told = {key: row for key, row in documented().items() if key[0] != "webhook"}
    assert told == {
        (case.type, case.action): (
            case.means.call.partition(":")[2],
            case.reversible,
            "; ".join(sorted(servers[case.type, case.action])),
        )
        for case in CASES
    }
