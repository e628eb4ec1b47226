"""One AWS account in one region, as telemetry asks it: politely, bounded in time, and never again while it is down."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel

from ...aws import (
    Account,
    Aws,
    AwsError,
    BadAnswer,
    Denied,
    Limits,
    NoAnswer,
    NoCredentials,
    ServerFault,
    Throttled,
    Unreachable,
)
from ...domain.breaker import Breaker, BreakerOpen
from ...domain.telemetry import Gap, Signal

A = TypeVar("A", bound=BaseModel)

LIMITS = Limits(connect_seconds=3.0, read_seconds=10.0, reads=3, threads=64)
CALL_SECONDS = 12.0
"""How long a call may take with all its repetitions; after that its service is taken to be down."""
PAGES_SECONDS = 25.0
"""How long all pages of an answer may take."""

_AT_ONCE = 50
_AT_ONCE_OF: Mapping[str, int] = {
    "cloudtrail:LookupEvents": 1,
    "logs:FilterLogEvents": 3,
    "logs:StartQuery": 4,
    "xray:BatchGetTraces": 4,
    "cloudwatch:GetMetricData": 5,
    "cloudwatch:ListMetrics": 10,
    "cloudformation:DescribeStackResources": 4,
    "ecs:DescribeTaskDefinition": 8,
}
"""Calls of an operation under way at the same time, where AWS takes few: LookupEvents two a second, for instance."""
_PERMISSIONS: Mapping[str, str] = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
"""How IAM calls a service that the official client calls otherwise."""


class Place:
    """An account in a region.

    Args:
        account: None: whatever account the process' own credentials are of, in `region`.
        aws: The way there; None: one of its own, which `close` closes.
    """

    def __init__(
        self,
        account: Account | None,
        region: str,
        aws: Aws | None = None,
        call_seconds: float = CALL_SECONDS,
        new_breaker: Callable[[], Breaker] = Breaker,
    ) -> None:
        self._expected = account
        self.region = region
        self._aws = aws or Aws(region, LIMITS, account)
        self._call_seconds = call_seconds
        self._new_breaker = new_breaker
        self._breakers: dict[str, Breaker] = {}
        self._places: dict[str, asyncio.Semaphore] = {}
        self._proving = asyncio.Lock()
        self._account = ""
        self._sources: dict[str, str] = {}

    @property
    def name(self) -> str:
        """For people: the account as far as it is known, and the region."""
        account = self._account or (self._expected.id if self._expected is not None else "")
        return f"{account}, {self.region}" if account else self.region

    async def read(self, answer: type[A], service: str, operation: str, parameters: Mapping[str, object]) -> A:
        """Call an operation that changes nothing.

        Raises:
            AwsError: it did not succeed, or its service is down and not asked now.
        """
        return await self._bounded(
            service, operation, lambda: self._aws.read(answer, service, operation, parameters), self._call_seconds
        )

    async def read_all(self, answer: type[A], service: str, operation: str, parameters: Mapping[str, object]) -> A:
        """As `read`, with all pages put together. Bound them by the paginator's `PaginationConfig`.

        Raises:
            AwsError: as of `read`.
        """
        seconds = self._call_seconds * (PAGES_SECONDS / CALL_SECONDS)
        return await self._bounded(
            service, operation, lambda: self._aws.read_all(answer, service, operation, parameters), seconds
        )

    async def account(self) -> str:
        """The account that is asked, proven once.

        Raises:
            AwsError: it cannot be asked, or is another than the resources' file says.
        """
        async with self._proving:
            if not self._account:
                identity = await self._bounded("sts", "GetCallerIdentity", self._aws.identity, self._call_seconds)
                if self._expected is not None and identity.account != self._expected.id:
                    raise NoCredentials(
                        "sts:GetCallerIdentity",
                        "",
                        f"the credentials are of account {identity.account} ({identity.arn}), and the resources' file "
                        f"says {self._expected.id}; give the right credentials or a role, or mend the file",
                    )
                self._account = identity.account
            return self._account

    async def source(self, service: str) -> str:
        """Who answers for a service, for provenance: AWS or a stand-in, the service, the account and the region."""
        if service not in self._sources:
            account = await self.account()
            who = (await asyncio.to_thread(self._aws.source, service)).removesuffix(f" {service}")
            self._sources[service] = f"{who} {service} ({account}, {self.region})"
        return self._sources[service]

    def gap(self, signal: Signal, error: AwsError, what: str = "") -> Gap:
        """What an error keeps us from.

        Args:
            what: What could not be read; empty: the call says it.
        """
        reason = f"{what} of {self.name}: {error}" if what else f"{self.name}: {error}"
        return Gap(signal=signal, reason=reason[:600], remedy=self._remedy(error))

    def _remedy(self, error: AwsError) -> str:
        if isinstance(error, Denied):
            service, colon, operation = error.permission.partition(":")
            permission = f"{_PERMISSIONS.get(service, service)}{colon}{operation}"
            return f"allow {permission} to what asks ({self.name}); docs/telemetry.md has the whole policy"
        if isinstance(error, NoCredentials):
            return "give credentials by the environment, a profile or a role, as docs/telemetry.md shows"
        if isinstance(error, Throttled):
            return "read less by fewer accounts and regions, or have the account's limit raised"
        if isinstance(error, Unreachable | NoAnswer | ServerFault | BadAnswer):
            return "see to the network, the service's status, or AWS_ENDPOINT_URL"
        return "see to what the message names"

    async def _bounded(self, service: str, operation: str, work: Callable[[], Awaitable[A]], seconds: float) -> A:
        call = f"{service}:{operation}"
        breaker = self._breakers.setdefault(service, self._new_breaker())
        places = self._places.setdefault(call, asyncio.Semaphore(_AT_ONCE_OF.get(call, _AT_ONCE)))
        async with places:
            try:
                breaker.enter()
                async with asyncio.timeout(seconds):
                    found = await work()
            except BreakerOpen as rest:
                raise Unreachable(call, "", f"{call} was not called: {rest}") from rest
            except TimeoutError as error:
                breaker.failed(f"{service} gave no answer within {seconds:g} s")
                raise NoAnswer(call, "", f"{call} gave no answer within {seconds:g} s") from error
            except (Unreachable, NoAnswer) as error:
                breaker.failed(f"{service} could not be reached lately")
                raise error
            except AwsError:
                breaker.worked()
                raise
        breaker.worked()
        return found

    def close(self) -> None:
        """Let go of its threads."""
        self._aws.close()
