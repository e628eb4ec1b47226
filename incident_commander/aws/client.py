"""Calling AWS from an event loop: every call in a thread, one client a service made once, errors typed."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
from botocore import credentials, xform_name  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    InvalidConfigError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from botocore.session import get_session  # type: ignore[import-untyped]
from pydantic import BaseModel, Field, ValidationError

from ..domain.base import Value
from .account import Account
from .errors import Throttled, translate
from .streams import make_writable, refuse_part, whole

A = TypeVar("A", bound=BaseModel)
T = TypeVar("T")
Parameters = Mapping[str, object]
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often a call may take.

    Attributes:
        reads: How often a call that changes nothing is sent at most.
        writes: How often a call that changes something is sent at most. It is sent again only where AWS said that it
            did not take it: after silence it may have been carried out, and a second one would act twice.
        pause_seconds: Before a throttled write is sent again; twice as long each time.
        threads: Calls at the same time.
    """

    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    reads: int = 4
    writes: int = 4
    pause_seconds: float = 0.4
    threads: int = 16


class Identity(Value):
    """Who AWS says we are."""

    account: str
    arn: str


class Place(Value):
    """Where a service answers from.

    Attributes:
        source: For provenance: `AWS` and the service, or `loopback` for a server on this machine that stands in for it.
    """

    source: str
    region: str


class Aws:
    """AWS as one set of credentials sees it in one region.

    Making it neither touches the network nor needs credentials: the first call does.

    Args:
        region: Such as `eu-west-1`; None: as the environment or the profile says.
        account: Whose role to assume, where it names one.
    """

    def __init__(self, region: str | None = None, limits: Limits | None = None, account: Account | None = None) -> None:
        self._region = region
        self._account = account
        self._limits = limits or Limits()
        self._threads = ThreadPoolExecutor(self._limits.threads, thread_name_prefix="aws")
        self._making = threading.Lock()
        self._session: _Session | None = None
        self._clients: dict[tuple[str, int], _Client] = {}

    async def read(self, answer: type[A], service: str, operation: str, parameters: Parameters) -> A:
        """Call what changes nothing, again within the limits where AWS is busy or silent.

        Args:
            answer: What to read the answer as; what it does not name is left out.
            service, operation: As the official client and AWS name them: `ecs`, `DescribeServices`.

        Raises:
            AwsError: it did not succeed.
        """
        return await self._in_thread(
            service,
            operation,
            lambda: answer.model_validate(self._call(service, operation, parameters, self._limits.reads)),
        )

    async def read_all(self, answer: type[A], service: str, operation: str, parameters: Parameters) -> A:
        """As `read`, with all pages of the answer put together."""
        return await self._in_thread(
            service, operation, lambda: answer.model_validate(self._pages(service, operation, parameters))
        )

    async def write(self, service: str, operation: str, parameters: Parameters) -> str:
        """Call what changes something, and return AWS's request id. It is sent again only where AWS throttled it.

        Raises:
            AwsError: it did not succeed; its `nothing_done` says whether it is certain that nothing was changed.
        """
        pause = self._limits.pause_seconds
        attempts = 1
        while True:
            try:
                answer = await self._in_thread(
                    service, operation, lambda: self._call(service, operation, parameters, attempts=1)
                )
            except Throttled:
                if attempts >= self._limits.writes:
                    raise
            else:
                return _Answered.model_validate(answer).metadata.request_id
            await asyncio.sleep(pause)
            pause *= 2
            attempts += 1

    async def identity(self) -> Identity:
        """Who we are: the one cheap call that says whether AWS can be used at all.

        Raises:
            AwsError: it cannot; the message says why.
        """
        caller = await self.read(_Caller, "sts", "GetCallerIdentity", {})
        return Identity(account=caller.account, arn=caller.arn)

    async def place(self, service: str) -> Place:
        """Where a service answers from. It asks nobody.

        Raises:
            AwsError: there is no region, or the service is not known.
        """
        return await self._in_thread(
            service,
            "any call",
            lambda: Place(
                source=self.source(service), region=self._client(service, self._limits.reads).meta.region_name
            ),
        )

    def source(self, service: str) -> str:
        """Who answers for a service, for provenance: AWS, or a server on this machine that stands in for it."""
        host = urlsplit(self._client(service, self._limits.reads).meta.endpoint_url).hostname or ""
        return "loopback" if host in _THIS_MACHINE else f"AWS {service}"

    def close(self) -> None:
        """Let go of the threads. Calls under way end by their time-outs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, service: str, operation: str, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (BotoCoreError, ClientError, ResponseParserError, ValidationError) as error:
            raise translate(error, service, operation) from error

    def _call(self, service: str, operation: str, parameters: Parameters, attempts: int) -> Parameters:
        method: Callable[..., Parameters] = getattr(self._client(service, attempts), xform_name(operation))
        return _parsed(lambda: whole(method(**parameters)))

    def _pages(self, service: str, operation: str, parameters: Parameters) -> Parameters:
        paginator = self._client(service, self._limits.reads).get_paginator(xform_name(operation))
        return _parsed(lambda: paginator.paginate(**parameters).build_full_result())

    def _client(self, service: str, attempts: int) -> "_Client":
        """The client of a service that sends a call at most so often; sessions are not safe in threads, clients are."""
        with self._making:
            if self._session is None:
                self._session = _configured(self._opened)
            if (service, attempts) not in self._clients:
                session = self._session
                client = _configured(lambda: session.client(service, config=self._config(attempts)))
                client.meta.events.register("after-call", refuse_part)
                client.meta.events.register("after-call", make_writable)
                self._clients[service, attempts] = client
            return self._clients[service, attempts]

    def _opened(self) -> "_Session":
        """A session with the process' own credentials, or with those of the role, which are renewed before they end."""
        # Containers of ECS are told AWS_REGION, which the other official clients read and this one does not.
        elsewhere = None if os.environ.get("AWS_DEFAULT_REGION") else os.environ.get("AWS_REGION") or None
        own: _Session = boto3.session.Session(region_name=self._region or elsewhere)
        if self._account is None or self._account.role is None:
            return own
        source = own.get_credentials()
        if source is None:
            raise NoCredentialsError
        asked = {"RoleSessionName": "incident-commander"}
        if self._account.external_id is not None:
            asked["ExternalId"] = self._account.external_id
        fetcher = credentials.AssumeRoleCredentialFetcher(
            client_creator=lambda service, **given: own.client(
                service, config=self._config(self._limits.reads), **given
            ),
            source_credentials=source,
            role_arn=self._account.role,
            extra_args=asked,
        )
        session = get_session()
        session._credentials = credentials.DeferredRefreshableCredentials(
            refresh_using=fetcher.fetch_credentials, method="assume-role"
        )
        assumed: _Session = boto3.session.Session(region_name=self._region, botocore_session=session)
        return assumed

    def _config(self, attempts: int) -> object:
        return Config(
            connect_timeout=self._limits.connect_seconds,
            read_timeout=self._limits.read_seconds,
            max_pool_connections=self._limits.threads,
            # Not "adaptive": after one throttle it would hold back the calls that are to mend things, too.
            retries={"mode": "standard", "total_max_attempts": attempts},
        )


def _configured(make: Callable[[], T]) -> T:
    """What is made from the environment and the profile; what they say wrongly is one error."""
    try:
        return make()
    except ValueError as error:
        raise InvalidConfigError(error_msg=str(error)) from error


def _parsed(ask: Callable[[], Parameters]) -> Parameters:
    """What is asked for; whatever the client's own parsers stumble over is one error."""
    try:
        return ask()
    except (ArithmeticError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ResponseParserError(f"{type(error).__name__}: {error}") from error


class _Caller(BaseModel):
    account: str = Field(alias="Account")
    arn: str = Field(alias="Arn")


class _Metadata(BaseModel):
    request_id: str = Field(default="", alias="RequestId")


class _Answered(BaseModel):
    metadata: _Metadata = Field(default=_Metadata(), alias="ResponseMetadata")


class _Pages(Protocol):
    def build_full_result(self) -> Parameters: ...


class _Paginator(Protocol):
    def paginate(self, **parameters: object) -> _Pages: ...


class _Events(Protocol):
    def register(self, event_name: str, handler: Callable[..., None]) -> None: ...


class _Meta(Protocol):
    endpoint_url: str
    region_name: str
    events: _Events


class _Client(Protocol):
    """As much of the official client as is used here; it comes without types."""

    meta: _Meta

    def get_paginator(self, operation_name: str) -> _Paginator: ...


class _Session(Protocol):
    def client(self, service_name: str, *, config: object, **given: object) -> _Client: ...

    def get_credentials(self) -> object: ...
