"""The one file of assumed figures: every value with the document it is cited from, or the word that there is none."""

import math
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from ..domain.base import JsonObject, Value
from ..domain.incident import STAGES
from ..domain.plan import ActionName
from ..domain.provenance import Provenance

ASSUMPTIONS_FILE = Path(__file__).parent / "assumptions.toml"
MOST_SECONDS = 7200.0
"""The longest that a modelled person can be assumed to take over one thing."""
MOST_USD = 1000.0
_CHOOSABLE = ("human_", "operator_", "usd_")


class Assumed(Value):
    """One figure and where it comes from."""

    value: float = Field(ge=0)
    source: str = Field(min_length=1)


class Assumptions(Value):
    """Every assumed figure of the practice company. Names carry the unit."""

    scrape_interval_seconds: Assumed
    alert_for_critical_seconds: Assumed
    alert_for_warning_seconds: Assumed
    alert_resend_seconds: Assumed
    alert_keep_firing_seconds: Assumed
    rollback_seconds: Assumed
    restart_seconds: Assumed
    scale_out_seconds: Assumed
    failover_seconds: Assumed
    raise_pool_seconds: Assumed
    rate_limit_seconds: Assumed
    block_sources_seconds: Assumed
    free_storage_seconds: Assumed
    grow_storage_seconds: Assumed
    revoke_credentials_seconds: Assumed
    stage_detect_seconds: Assumed
    stage_diagnose_seconds: Assumed
    stage_predict_seconds: Assumed
    stage_propose_seconds: Assumed
    stage_deliberate_seconds: Assumed
    stage_authorise_seconds: Assumed
    stage_execute_seconds: Assumed
    stage_verify_seconds: Assumed
    stage_communicate_seconds: Assumed
    stage_learn_seconds: Assumed
    human_notice_seconds: Assumed
    human_acknowledge_seconds: Assumed
    human_diagnose_seconds: Assumed
    human_repair_seconds: Assumed
    operator_answer_seconds: Assumed
    usd_per_failed_request: Assumed
    usd_per_slow_request: Assumed
    usd_per_exposed_record: Assumed
    usd_per_stolen_instance_second: Assumed

    def action_seconds(self, action: ActionName) -> float:
        """How long an action takes."""
        figure: Assumed = getattr(self, f"{action}_seconds")
        return figure.value

    def stage_seconds(self) -> dict[str, float]:
        """What each stage is charged on a clock that stands still."""
        charged: dict[str, float] = {}
        for stage in STAGES:
            figure: Assumed = getattr(self, f"stage_{stage}_seconds")
            charged[stage] = figure.value
        return charged

    def as_json(self, *prefixes: str) -> JsonObject:
        """The figures whose name begins so, each with its source."""
        return {
            name: {"value": figure["value"], "source": figure["source"]}
            for name, figure in self.model_dump(mode="json").items()
            if name.startswith(prefixes)
        }


def assumed(reason: str) -> Provenance:
    """The provenance of a figure that rests on this file."""
    return Provenance(kind="assumed", source="sandbox/assumptions.toml", reason=reason)


def load_assumptions(path: Path = ASSUMPTIONS_FILE) -> Assumptions:
    """Read and validate the file.

    Raises:
        pydantic.ValidationError: a figure is missing, negative or names no source.
    """
    return _read(path)


def assume(figures: Assumptions, chosen: Mapping[str, float]) -> Assumptions:
    """The figures with some of them as a viewer wants them, each labelled as the viewer's own.

    Those of people and money may be chosen. How the company itself behaves may not: the world would be another one.

    Raises:
        ValueError: no such figure may be chosen, or its value is impossible; the message says what is possible.
    """
    fields: dict[str, Assumed] = {}
    for name, value in chosen.items():
        shipped: Assumed | None = getattr(figures, name, None) if name in may_be_chosen() else None
        if shipped is None:
            raise ValueError(f"no figure {name!r} can be chosen; there are {', '.join(may_be_chosen())}")
        largest = MOST_SECONDS if name.endswith("_seconds") else MOST_USD
        if not (math.isfinite(value) and 0 <= value <= largest):
            raise ValueError(f"{name} must be from 0 to {largest:g}, not {value:g}")
        source = f"the viewer's own figure; the file says {shipped.value:g}: {shipped.source}"
        fields[name] = Assumed(value=value, source=source)
    return figures.model_copy(update=fields)


def may_be_chosen() -> tuple[str, ...]:
    """The names of the figures that a viewer may choose."""
    return tuple(name for name in Assumptions.model_fields if name.startswith(_CHOOSABLE))


@lru_cache(maxsize=4)
def _read(path: Path) -> Assumptions:
    return Assumptions.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
