"""Small named JSON objects that belong to no other table."""

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from ..domain.base import JsonObject
from .tables import ValueRow

_OBJECT: TypeAdapter[JsonObject] = TypeAdapter(JsonObject)


class Values:
    """The named values within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, name: str) -> JsonObject | None:
        """The object of that name."""
        row = await self._session.get(ValueRow, name)
        return None if row is None else _OBJECT.validate_json(row.document)

    async def put(self, name: str, value: JsonObject) -> None:
        """Store an object under a name, in place of the one before."""
        await self._session.merge(ValueRow(name=name, document=_OBJECT.dump_json(value).decode("utf-8")))
        await self._session.flush()
