"""The one file of assumed figures: every value with the document it is cited from, or the word that there is none."""

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from ..domain.base import JsonObject, Value
from ..domain.incident import STAGES
from ..domain.plan import ActionName
from ..domain.provenance import Provenance

ASSUMPTIONS_FILE = Path(__file__).parent / "assumptions.toml"


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


@lru_cache(maxsize=1)
def load_assumptions(path: Path = ASSUMPTIONS_FILE) -> Assumptions:
    """Read and validate the file.

    Raises:
        pydantic.ValidationError: a figure is missing, negative or names no source.
    """
    return Assumptions.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
