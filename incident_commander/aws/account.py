"""The accounts that are worked with: each in one region, by the process' own credentials or by a role."""

import re
from typing import Self

from pydantic import Field, model_validator

from ..domain.base import Value

_ROLE = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/\S+")


class Account(Value):
    """An AWS account in one region. Nothing is asked where the credentials turn out to be another account's.

    Attributes:
        role: The ARN of a role in it that is assumed; None: the process' own credentials are the account's.
        external_id: What that role's trust policy asks for.
        read: Whether telemetry is read from it; else it is only acted upon.
    """

    id: str = Field(pattern=r"^\d{12}$")
    region: str = Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$")
    role: str | None = None
    external_id: str | None = None
    read: bool = True

    @model_validator(mode="after")
    def _of_it(self) -> Self:
        if self.role is None:
            if self.external_id is not None:
                raise ValueError("an external_id belongs to a role; name the role, or leave it out")
            return self
        known = _ROLE.fullmatch(self.role)
        if known is None:
            raise ValueError(f"{self.role!r} is not the ARN of a role, such as arn:aws:iam::{self.id}:role/reader")
        if known[1] != self.id:
            raise ValueError(f"the role is in account {known[1]}, and this is {self.id}; name a role in it")
        return self
