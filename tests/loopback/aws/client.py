"""The official client as the tests use it, straight to a server: it comes without types."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

import boto3  # type: ignore[import-untyped]
from pydantic import TypeAdapter

REGION = "eu-west-1"


class Client(Protocol):
    """As much of the official client as is used here."""

    def __getattr__(self, name: str) -> Callable[..., dict[str, dict[str, object]]]: ...


@cache
def client_of(service: str, url: str) -> Client:
    """The official client of a service at an address."""
    client: Client = boto3.client(service, endpoint_url=url, region_name=REGION)
    return client


def named(answer: Mapping[str, object], name: str) -> list[str]:
    """A list of names in an answer; empty where it has none."""
    return TypeAdapter(list[str]).validate_python(answer.get(name, []))


def listed(answer: Mapping[str, object], name: str) -> list[dict[str, object]]:
    """A list of an answer; empty where it has none."""
    return TypeAdapter(list[dict[str, object]]).validate_python(answer.get(name, []))
