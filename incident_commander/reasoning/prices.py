"""What a call costs: its tokens by a kept price list, other units by a dated file, and else not known."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from ..domain.base import Value
from ..domain.usage import Cost

PRICES_FILE = Path(__file__).with_name("prices.toml")

UnitService = Literal["guardrails", "agent_memory"]


class PricesError(ValueError):
    """The prices' file is not valid; the message names the file and the key."""


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is written as a string, so that no digit is lost")
    return value


class UnitPrices(Value):
    """What one unit of each kind costs, in USD.

    Attributes:
        source: Where that was read, and `dated` when.
    """

    dated: date
    source: str = Field(min_length=1)
    usd: dict[str, Annotated[Decimal, BeforeValidator(_text), Field(ge=0)]]

    @property
    def basis(self) -> str:
        """For a cost to say what it rests on."""
        return f"{self.source}, read {self.dated.isoformat()}"


class Prices:
    """Every price that is known.

    Args:
        units: Those that are not of tokens.
    """

    def __init__(self, units: Mapping[str, UnitPrices]) -> None:
        self._units = units

    def of_tokens(self, model: str, input_tokens: int, output_tokens: int, at: datetime) -> Cost:
        """What so many tokens of a model cost, by its id or inference profile; unpriced where the list lacks it."""
        # Imported late: its list takes a fifth of a second, and only what asks AWS needs it.
        from genai_prices import Usage, calc_price

        tokens = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        try:
            price = calc_price(tokens, model, provider_id="aws", genai_request_timestamp=at)
        except LookupError:
            return Cost()
        return Cost(usd=price.total_price, price="listed", basis=self._list)

    def of_units(self, service: UnitService, counted: Mapping[str, int]) -> Cost:
        """What so many units cost; unpriced where one of them has no price."""
        prices = self._units.get(service)
        if prices is None or not set(counted) <= set(prices.usd):
            return Cost()
        usd = sum((prices.usd[name] * count for name, count in counted.items()), Decimal(0))
        return Cost(usd=usd, price="assumed", basis=prices.basis)

    @cached_property
    def _list(self) -> str:
        return f"genai-prices {version('genai-prices')}"


def load_prices(path: Path = PRICES_FILE) -> Prices:
    """The prices of a file.

    Raises:
        PricesError: it is not valid.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return Prices({name: UnitPrices.model_validate(each) for name, each in document.items()})
    except tomllib.TOMLDecodeError as error:
        raise PricesError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PricesError(f"{path}: {where}: {first['msg']}") from error
