"""Asking a Prometheus by its HTTP API: few requests at a time, bounded in time and size, answers validated.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx
import numpy as np
from pydantic import BaseModel, Field, ValidationError

from ...domain.breaker import Breaker, BreakerOpen
from ...domain.telemetry import FloatArray

A = TypeVar("A", bound=BaseModel)

MOST_BYTES = 16 * 1024 * 1024
"""Of one answer: 2,000 series of 240 points."""
AT_ONCE = 4
"""Requests under way: a Prometheus computes 20 for everybody."""


class PrometheusError(Exception):
    """A request that was not answered as hoped.

    Attributes:
        reason: What became of it. remedy: What to do.
        down: Whether there is nobody to ask: then all other requests fare the same.
    """

    def __init__(self, reason: str, remedy: str, *, down: bool = False) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.down = down


@dataclass(frozen=True, slots=True, eq=False)
class RangeSeries:
    """One series of an answer: finite samples only. Compared by identity.

    Attributes:
        timestamps: Seconds since the epoch by the server's clock, ascending, float64[n_points]; values likewise.
    """

    labels: Mapping[str, str]
    timestamps: FloatArray
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RangeAnswer:
    """The series, and what the server warns of: then it could not see everything itself."""

    series: tuple[RangeSeries, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A scalar as it is now.

    Attributes:
        value: NaN where there is none.
        at: Seconds since the epoch by the server's clock; ahead: how far that runs ahead of ours, in seconds.
    """

    value: float
    at: float
    ahead: float


class PrometheusClient:
    """A Prometheus, or whatever speaks its API.

    Args:
        url: With its path prefix, without user and password.
        http: With the credentials of every request; whoever makes it closes it.
        seconds: How long one request may take.
    """

    def __init__(
        self, url: str, http: httpx.AsyncClient, seconds: float = 15.0, breaker: Breaker | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._seconds = seconds
        self._breaker = breaker or Breaker()
        self._places = asyncio.Semaphore(AT_ONCE)
        self.name = f"Prometheus {urlsplit(url).netloc}{urlsplit(url).path.rstrip('/')}"

    async def scalar(self, query: str) -> Moment:
        """The value of a scalar expression now, by the server's own clock.

        Raises:
            PrometheusError: it was not answered.
        """
        asked = time.time()
        document = await self._ask("query", {"query": query, "timeout": self._patience()})
        answer = await asyncio.to_thread(self._read, _ScalarAnswer, document)
        at, value = answer.data.result
        return Moment(value=_number(value), at=at, ahead=at - (asked + time.time()) / 2)

    async def vector(self, query: str) -> tuple[Mapping[str, str], ...]:
        """The label sets that an expression has now.

        Raises:
            PrometheusError: it was not answered.
        """
        document = await self._ask("query", {"query": query, "timeout": self._patience()})
        answer = await asyncio.to_thread(self._read, _VectorAnswer, document)
        return tuple(sample.metric for sample in answer.data.result)

    async def range(self, query: str, start: float, end: float, step: float) -> RangeAnswer:
        """The values of an expression at `start`, `start + step`, ... up to `end`, by the server's clock.

        Raises:
            PrometheusError: it was not answered.
        """
        asked = {
            "query": query,
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": f"{step:g}",
            "timeout": self._patience(),
        }
        return await asyncio.to_thread(self._matrix, await self._ask("query_range", asked))

    async def names(self, wanted: Collection[str], start: float, end: float) -> frozenset[str]:
        """Which of these metric names have samples in a span, by the server's clock.

        Raises:
            PrometheusError: it was not answered.
        """
        match = f'{{__name__=~"{"|".join(sorted(wanted))}"}}'
        asked = {"match[]": match, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        document = await self._ask("label/__name__/values", asked, method="GET")
        return frozenset((await asyncio.to_thread(self._read, _NamesAnswer, document)).data)

    def _matrix(self, document: bytes) -> RangeAnswer:
        answer = self._read(_MatrixAnswer, document)
        found = []
        for series in answer.data.result:
            times = np.array([at for at, _ in series.values], dtype=np.float64)
            values = np.array([_number(value) for _, value in series.values], dtype=np.float64)
            finite = np.isfinite(values)
            found.append(RangeSeries(series.metric, times[finite], values[finite]))
        return RangeAnswer(tuple(found), answer.warnings)

    async def _ask(self, path: str, parameters: Mapping[str, str], method: Literal["GET", "POST"] = "POST") -> bytes:
        async with self._places:
            try:
                self._breaker.enter()
                async with asyncio.timeout(self._seconds):
                    status, body = await self._fetch(method, f"{self._url}/api/v1/{path}", parameters)
            except BreakerOpen as rest:
                raise PrometheusError(str(rest), _REACH, down=True) from rest
            except (httpx.HTTPError, TimeoutError) as error:
                self._failed(error)
        self._breaker.worked()
        if status != 200:
            self._refuse(status, body)
        return body

    async def _fetch(self, method: str, url: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        asked, form = (parameters, None) if method == "GET" else (None, parameters)
        async with self._http.stream(method, url, params=asked, data=form) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise PrometheusError(
                        f"an answer of {self.name} is larger than {MOST_BYTES // 2**20} MiB",
                        "narrow what is read by IC_PROMETHEUS_MATCH, or by IC_PROMETHEUS_QUERIES",
                    )
            return response.status_code, bytes(body)

    def _failed(self, error: Exception) -> NoReturn:
        what = (
            "gave no answer in time" if isinstance(error, TimeoutError | httpx.TimeoutException) else "did not answer"
        )
        said = str(error) or type(error).__name__
        reason = f"{self.name} {what}" + (f": {said}" if what == "did not answer" else f" ({self._seconds:g} s)")
        self._breaker.failed(reason)
        raise PrometheusError(reason, _REACH, down=True) from error

    def _refuse(self, status: int, body: bytes) -> NoReturn:
        if status in (401, 403):
            raise PrometheusError(
                f"{self.name} refused the credentials with {status}",
                "set IC_PROMETHEUS_TOKEN, IC_PROMETHEUS_BASIC_AUTH or IC_PROMETHEUS_HEADERS",
                down=True,
            )
        try:
            told = _Refusal.model_validate_json(body)
        except ValidationError:
            raise PrometheusError(
                f"{self.name} answered with status {status}", "let IC_PROMETHEUS_URL name a Prometheus' HTTP API"
            ) from None
        remedy = "mend the query in IC_PROMETHEUS_QUERIES" if status in (400, 422) else _REACH
        raise PrometheusError(f"{self.name} answered {told.kind}: {told.error[:300]}", remedy)

    def _read(self, kind: type[A], document: bytes) -> A:
        try:
            return kind.model_validate_json(document)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the answer"
            raise PrometheusError(
                f"{self.name} answered with something else than its API describes: {where}: {first['msg']}",
                "let IC_PROMETHEUS_URL name a Prometheus' HTTP API",
            ) from error

    def _patience(self) -> str:
        return f"{max(1.0, self._seconds - 1):g}s"


_REACH = "see to it, to the network between, or to IC_PROMETHEUS_URL"


class _Sample(BaseModel):
    metric: dict[str, str]


class _Series(BaseModel):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Scalar(BaseModel):
    kind: Literal["scalar"] = Field(alias="resultType")
    result: tuple[float, str]


class _Vector(BaseModel):
    kind: Literal["vector"] = Field(alias="resultType")
    result: list[_Sample]


class _Matrix(BaseModel):
    kind: Literal["matrix"] = Field(alias="resultType")
    result: list[_Series]


class _Answer(BaseModel):
    status: Literal["success"]
    warnings: tuple[str, ...] = ()


class _ScalarAnswer(_Answer):
    data: _Scalar


class _VectorAnswer(_Answer):
    data: _Vector


class _MatrixAnswer(_Answer):
    data: _Matrix


class _NamesAnswer(_Answer):
    data: list[str]


class _Refusal(BaseModel):
    kind: str = Field(alias="errorType")
    error: str


def _number(text: str) -> float:
    """A sample's value; NaN where it is none, as for a histogram."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
