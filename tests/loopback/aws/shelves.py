"""What Bedrock offers, as the server plays it: models with their lives, and inference profiles."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from incident_commander.reasoning.embedding import TITAN
from incident_commander.reasoning.models import load_models

from .cases import ACCOUNT
from .client import REGION
from .front import Front
from .minds import Minds
from .protocol import Answer

BORN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Shelves:
    """Everything that is asked for by default, at first."""

    front: Front
    minds: Minds
    _lives: dict[str, dict[str, object]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.front.serve("bedrock", {"ListFoundationModels": self._models, "ListInferenceProfiles": self._profiles})

    def life(self, id: str, status: str, end: datetime) -> None:
        """Let a model come to its end."""
        self._lives[id] = {"status": status, "endOfLifeTime": end}

    def take_away(self, *ids: str) -> None:
        """Offer some models or profiles no more."""
        self._gone.update(ids)

    def _models(self, asked: dict[str, object]) -> Answer:
        ids = [TITAN, *(model.id for model in load_models().models.values())]
        return {
            "modelSummaries": [
                {
                    "modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{id}",
                    "modelId": id,
                    "modelLifecycle": self._lives.get(id, {"status": "ACTIVE"}),
                }
                for id in ids
                if id not in self._gone
            ]
        }

    def _profiles(self, asked: dict[str, object]) -> Answer:
        ids = [model.id_in(REGION) for model in load_models().models.values()]
        return {
            "inferenceProfileSummaries": [
                {
                    "inferenceProfileName": f"of {id.split('.')[1]}",
                    "inferenceProfileArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/{id}",
                    "inferenceProfileId": id,
                    "models": [{"modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{id.partition('.')[2]}"}],
                    "status": "ACTIVE",
                    "type": "SYSTEM_DEFINED",
                }
                for id in ids
                if id not in self._gone
            ]
        }
