"""How each of the eight services is, asked now: reachable, permitted, how fast, how long still, and what is missing."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from pydantic import ValidationError

from ..aws import Aws, AwsError, Denied, NoCredentials, Throttled
from ..domain.base import Value
from ..domain.permission import Statement, Where
from ..domain.usage import AiService, Cost
from .models import Models
from .permissions import SEEING, statement_for
from .prices import Prices
from .probes import Probe, Probes
from .services import Service, configured, load_services
from .shelf import REPLACE, ModelStanding, Shelf, look

INVESTIGATOR = "strands-agents"


class Check(Value):
    """One thing that was asked, or why it was not.

    Attributes:
        subject: A model, a knowledge base; empty where there is one for the service.
        source: Who answered: AWS or `loopback`; empty where nobody was asked.
        latency_ms: As measured, one call.
        remedy: What to do; empty where all is well.
        statement: What IAM must allow and does not.
    """

    service: AiService
    subject: str = ""
    state: Literal["ok", "degraded", "down", "off"]
    detail: str
    source: str = ""
    latency_ms: float | None = None
    cost: Cost | None = None
    remedy: str = ""
    statement: Statement | None = None


class Checkup(Value):
    """All of it.

    Attributes:
        identity: Who AWS says we are; empty where it does not.
        trouble: Why it does not.
    """

    identity: str = ""
    region: str = ""
    trouble: str = ""
    checks: tuple[Check, ...]

    @property
    def well(self) -> bool:
        """Whether nothing that is switched on is down."""
        return not any(check.state == "down" for check in self.checks)


async def checkup(
    aws: Aws,
    settings: Mapping[str, object],
    shipped: Models,
    prices: Prices,
    clock: Callable[[], float] = time.perf_counter,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    installed: Callable[[str], str] = version,
) -> Checkup:
    """Ask each service once, one after another so that none waits for another.

    Args:
        aws: The way there, which sends no call again.
        settings: By their names; see Service.
        shipped: The models of the file; the installation's ids are in the settings.
        installed: The version of a library; raises PackageNotFoundError.
    """
    services = load_services()
    off = [
        Check(service=each.name, state="off", detail=f"{each.use}; set {', '.join(each.missing)}", remedy=each.have)
        for each in configured(settings, services)
        if not each.on
    ]
    if len(off) == len(services):
        return Checkup(checks=tuple(off))
    identity, region, trouble = "", "", ""
    account = "*"
    try:
        region = (await aws.place("bedrock-runtime")).region
        known = await aws.identity()
        identity, account = known.arn, known.account
    except AwsError as error:
        trouble = str(error)
        if isinstance(error, NoCredentials):
            down = [
                Check(service=each.name, state="down", detail="not asked: there are no credentials")
                for each in services
                if not each.missing(settings)
            ]
            return Checkup(region=region, trouble=trouble, checks=_in_order(services, [*off, *down]))
    replaced = settings.get("model_ids")
    ids = {str(name): str(id) for name, id in replaced.items()} if isinstance(replaced, dict) else {}
    probes = Probes(aws, settings, shipped.with_ids(ids), prices, region, now)
    shelf, unseen = await _shelf(aws)
    asking = _Asking(aws, services, settings, shipped, Where(region=region or "*", account=account), shelf, clock, now)
    done = [*off]
    for service in services:
        for probe in probes.of(service):
            check = await asking.check(probe)
            is_model = probe.call.operation in ("Converse", "InvokeModel")
            done.append(_unseen(check, unseen) if unseen and is_model and check.state == "ok" else check)
    asks = [each for each in services if each.asks is not None and not each.missing(settings)]
    done += [_investigator(each, done, installed) for each in asks]
    return Checkup(identity=identity, region=region, trouble=trouble, checks=_in_order(services, done))


class _Asking:
    def __init__(
        self,
        aws: Aws,
        services: tuple[Service, ...],
        settings: Mapping[str, object],
        shipped: Models,
        where: Where,
        shelf: Shelf | None,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._aws = aws
        self._services = services
        self._settings = settings
        self._shipped = shipped
        self._where = where
        self._shelf = shelf
        self._clock = clock
        self._now = now

    async def check(self, probe: Probe) -> Check:
        """Ask it, and say how that went."""
        standing = self._standing(probe)
        # The client is made beforehand: what is measured is the call, with the connection that it needs.
        await self._aws.place(probe.call.via)
        began = self._clock()
        try:
            cost = await probe.ask()
        except AwsError as error:
            return self._failed(probe, error, standing)
        except ValidationError as error:
            said = f"it answered with something else: {error.errors()[0]['msg']}"
            return Check(service=probe.service.name, subject=probe.subject, state="down", detail=said)
        took = 1000 * (self._clock() - began)
        left = f"; {', '.join(probe.also)} not tried: it would leave something behind" if probe.also else ""
        return Check(
            service=probe.service.name,
            subject=probe.subject,
            state=standing.state,
            detail=f"{standing.detail or 'it answers'}{left}",
            source=self._aws.source(probe.call.via),
            latency_ms=took,
            cost=cost,
            remedy=standing.remedy,
        )

    def _standing(self, probe: Probe) -> ModelStanding:
        if self._shelf is None or probe.call.operation not in ("Converse", "InvokeModel"):
            return ModelStanding(id=probe.subject)
        return self._shelf.standing(probe.subject, self._now())

    def _failed(self, probe: Probe, error: AwsError, standing: ModelStanding) -> Check:
        step = next((step for word, step in _STEPS.items() if word in str(error)), standing.remedy)
        statement: Statement | None = None
        if isinstance(error, Denied) and not step:
            whole = statement_for(probe.service, probe.call, self._services, self._settings, self._shipped, self._where)
            other = error.permission not in (probe.call.action, error.call)
            statement = Statement(sid=whole.sid, actions=(error.permission,)) if other else whole
        return Check(
            service=probe.service.name,
            subject=probe.subject,
            state="degraded" if isinstance(error, Throttled) else "down",
            detail=f"{standing.detail}; {error}" if standing.detail else str(error),
            source=self._aws.source(probe.call.via),
            remedy=step or ("attach this statement to the role" if statement is not None else ""),
            statement=statement,
        )


_STEPS: Mapping[str, str] = {
    "use case details": "Bedrock console, Model catalog, a model of Anthropic's: submit the use case form",
    "access to the model": "Bedrock console, Model catalog: open the model and ask for access to it",
    "INVALID_PAYMENT": "AWS Marketplace, Manage subscriptions: give the account a way to pay",
    "end of its life": REPLACE,
    "on-demand throughput": "ask by an inference profile: name one in IC_MODEL_IDS",
    "sign in": "Q Business console: use an application whose identity type is ANONYMOUS",
    "userId": "Q Business console: use an application whose identity type is ANONYMOUS",
    "no longer open to new customers": "this account cannot have it; docs/aws.md names what succeeds it",
}
"""What to do about words in AWS's own refusals; everything else is told as it is."""


async def _shelf(aws: Aws) -> tuple[Shelf | None, AwsError | None]:
    try:
        return await look(aws), None
    except AwsError as error:
        return None, error


def _unseen(check: Check, error: AwsError) -> Check:
    """A model that answers, of which it is not known how long still."""
    told = f"{check.detail}; how long still is not known: {error}"
    if isinstance(error, Denied):
        return check.model_copy(update={"state": "degraded", "detail": told, "statement": SEEING})
    return check.model_copy(update={"state": "degraded", "detail": told, "remedy": "try again, or see to the message"})


def _investigator(service: Service, done: list[Check], installed: Callable[[str], str]) -> Check:
    """The library that investigates: its version, and how the models are that it asks."""
    try:
        found = installed(INVESTIGATOR)
    except PackageNotFoundError:
        remedy = "run scripts/setup, which installs it"
        return Check(service=service.name, state="down", detail=f"{INVESTIGATOR} is not installed", remedy=remedy)
    asked = [check for check in done if check.service == service.asks]
    states = {check.state for check in asked}
    state: Literal["ok", "degraded", "down"] = "ok" if states <= {"ok"} else "degraded"
    if states and not states & {"ok", "degraded"}:
        state = "down"
    models = "; ".join(f"{check.subject}: {check.state}" for check in asked)
    return Check(service=service.name, subject=f"{INVESTIGATOR} {found}", state=state, detail=f"it asks {models}")


def _in_order(services: tuple[Service, ...], checks: list[Check]) -> tuple[Check, ...]:
    names = [service.name for service in services]
    return tuple(sorted(checks, key=lambda check: names.index(check.service)))
