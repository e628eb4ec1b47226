"""Which models there are and what each task may use: validated data."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from ..domain.base import Value
from ..domain.usage import AiService

MODELS_FILE = Path(__file__).with_name("models.toml")

ModelTask = Literal["classify", "match", "analyse", "investigate", "draft"]
"""The tasks that language models do."""
Profile = Literal["us", "eu", "apac", "global"]
_PROFILES: Mapping[str, Profile] = {"us": "us", "eu": "eu", "ap": "apac"}


class ModelsError(ValueError):
    """The models' file, or an id that is to replace one of it, is not valid; the message names file and key."""


class Model(Value):
    """A language model."""

    service: AiService
    id: str = Field(min_length=1)
    profiles: tuple[Profile, ...] = ()

    def id_in(self, region: str) -> str:
        """What it is asked by in a region: an inference profile where there is one."""
        here = _PROFILES.get(region.partition("-")[0])
        for profile in (here, "global"):
            if profile in self.profiles:
                return f"{profile}.{self.id}"
        return self.id


class TaskModels(Value):
    """What a task may use."""

    models: tuple[str, ...] = Field(min_length=1)
    prefer: Literal["fitness", "price"]
    goal_ms: float = Field(gt=0)
    seconds: float = Field(gt=0)
    max_tokens: int = Field(gt=0)


class Models(Value):
    """The whole file."""

    models: dict[str, Model]
    tasks: dict[ModelTask, TaskModels]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [task for task in get_args(ModelTask) if task not in self.tasks]
        if missing:
            raise ValueError(f"tasks has nothing for {', '.join(missing)}")
        for name, task in self.tasks.items():
            unknown = [model for model in task.models if model not in self.models]
            if unknown:
                raise ValueError(f"tasks.{name}.models names {', '.join(unknown)}, which models does not have")
        return self

    def with_ids(self, ids: Mapping[str, str]) -> "Models":
        """The same with other ids, or ARNs, which are asked for as they stand.

        Raises:
            ModelsError: there is no model of such a name, or an id is empty.
        """
        unknown = [name for name in ids if name not in self.models]
        if unknown:
            raise ModelsError(f"IC_MODEL_IDS names {', '.join(unknown)}; the models are {', '.join(self.models)}")
        empty = [name for name, id in ids.items() if not id.strip()]
        if empty:
            raise ModelsError(f"IC_MODEL_IDS has no id for {', '.join(empty)}; give one, or leave the name out")
        replaced = {name: self.models[name].model_copy(update={"id": id, "profiles": ()}) for name, id in ids.items()}
        return self.model_copy(update={"models": {**self.models, **replaced}})


def load_models(path: Path = MODELS_FILE) -> Models:
    """The models of a file.

    Raises:
        ModelsError: it is not valid.
    """
    try:
        return Models.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ModelsError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelsError(f"{path}: {where}: {first['msg']}") from error
