"""What Bedrock offers where it is asked: which models, for how long still, and by which inference profiles."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from ..aws import Answer, Aws, AwsError, Camel, Denied
from ..domain.base import Value
from .models import Model
from .permissions import SEEING, profile_and_model

Standing = Literal["ok", "degraded", "down"]
REPLACE = 'put a newer one in its place, as IC_MODEL_IDS=\'{"NAME": "ID"}\' with its name in models.toml'


class ModelStanding(Value):
    """How a model stands.

    Attributes:
        state: `degraded`: it will end, or is not on the list; `down`: it has ended.
        detail: What is so; empty where all is well.
        remedy: What to do about it.
    """

    id: str
    state: Standing = "ok"
    detail: str = ""
    remedy: str = ""


class Shelf:
    """What is offered in one region, as it was when it was read."""

    def __init__(self, region: str, models: "Iterable[_Listed]", profiles: Iterable[str]) -> None:
        self.region = region
        self._models = {model.model_id: model.model_lifecycle for model in models}
        self._profiles = frozenset(profiles)

    def standing(self, id: str, at: datetime) -> ModelStanding:
        """How a model stands that is asked by an id or an ARN."""
        if ":application-inference-profile/" in id:
            return ModelStanding(id=id, detail="a profile of the account's own; its models are not looked up")
        profile, model = profile_and_model(id.rpartition("/")[2])
        if model not in self._models:
            return self._poor(id, "degraded", f"Bedrock lists no {model} in {self.region}")
        if profile and profile not in self._profiles:
            return self._poor(id, "degraded", f"there is no inference profile {profile} in {self.region}")
        life = self._models[model]
        if life.end_of_life_time is not None and life.end_of_life_time <= at:
            return self._poor(id, "down", f"it came to its end of life on {life.end_of_life_time:%Y-%m-%d}")
        if life.status == "LEGACY" or life.end_of_life_time is not None:
            end = "" if life.end_of_life_time is None else f", until {life.end_of_life_time:%Y-%m-%d}"
            return self._poor(id, "degraded", f"Bedrock calls it {life.status.lower()}{end}")
        return ModelStanding(id=id)

    @staticmethod
    def _poor(id: str, state: Standing, detail: str) -> ModelStanding:
        return ModelStanding(id=id, state=state, detail=detail, remedy=REPLACE)


async def look(aws: Aws) -> Shelf:
    """What is offered now, by two requests that cost nothing.

    Raises:
        AwsError: it cannot be seen.
    """
    models = await aws.read(_Models, "bedrock", "ListFoundationModels", {})
    profiles = await aws.read_all(_Profiles, "bedrock", "ListInferenceProfiles", {})
    region = (await aws.place("bedrock")).region
    ids = (profile.inference_profile_id for profile in profiles.inference_profile_summaries)
    return Shelf(region, models.model_summaries, ids)


class ShelfState(Value):
    """How the models of an installation stand; `detail` says which one does not, and what to do."""

    state: Literal["ok", "degraded", "down", "off"]
    detail: str


class Outlook:
    """Looks once, beside everything else, whether a model that is asked has come to its end.

    Args:
        aws: The way there; `close` closes it.
        models: Those of the installation, asked by the profiles of the region.
        ids: Others, by their ids.
    """

    def __init__(self, aws: Aws, models: Sequence[Model], ids: Sequence[str] = ()) -> None:
        self._aws = aws
        self._models = models
        self._ids = ids
        self._state = ShelfState(state="off", detail="it is being looked up")

    @property
    def state(self) -> ShelfState:
        """What was found; `off` until then."""
        return self._state

    async def look(self) -> None:
        """Look. Whatever goes wrong is the state."""
        try:
            shelf = await look(self._aws)
        except Denied as error:
            allow = f"allow {' and '.join(SEEING.actions)}, as `doctor --iam` prints it"
            self._state = ShelfState(state="off", detail=f"whether a model ends is not known: {error}; {allow}")
            return
        except AwsError as error:
            self._state = ShelfState(state="off", detail=f"whether a model ends is not known: {error}")
            return
        now = datetime.now(UTC)
        asked = (*(model.id_in(shelf.region) for model in self._models), *self._ids)
        standings = [shelf.standing(id, now) for id in asked]
        poor = [each for each in standings if each.state != "ok"]
        if not poor:
            self._state = ShelfState(state="ok", detail=f"{len(standings)} model(s), none at its end of life")
            return
        # One that has ended is answered for by the next model, or by local analysis.
        told = "; ".join(f"{each.id}: {each.detail}" for each in poor)
        self._state = ShelfState(state="degraded", detail=f"{told}; {REPLACE}")

    def close(self) -> None:
        """Let go of the threads."""
        self._aws.close()


class _Life(Camel):
    status: str = "ACTIVE"
    end_of_life_time: datetime | None = None


class _Listed(Camel):
    model_id: str = Field(min_length=1)
    model_lifecycle: _Life = _Life()


class _Models(Answer):
    model_summaries: tuple[_Listed, ...] = ()


class _Profile(Camel):
    inference_profile_id: str = Field(min_length=1)


class _Profiles(Answer):
    inference_profile_summaries: tuple[_Profile, ...] = ()
