"""Answers of AWS as validated values: bases whose fields are found under the names that AWS gives them."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel, to_pascal

MOST_OF_AN_ID = 100
"""Characters of a request's id; AWS's own have fewer."""


class Camel(BaseModel):
    """An answer, or part of one, with keys such as `desiredCount`; keys that no field names are left out."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Pascal(BaseModel):
    """An answer, or part of one, with keys such as `DesiredCapacity`; keys that no field names are left out."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)


class _Metadata(BaseModel):
    request_id: str = Field(default="", alias="RequestId")


class Answer(Camel):
    """A whole answer, with the id by which AWS finds its request again."""

    metadata: _Metadata = Field(default=_Metadata(), alias="ResponseMetadata")

    @property
    def request_id(self) -> str:
        """AWS's id of the request; empty where it told none."""
        return self.metadata.request_id[:MOST_OF_AN_ID]
