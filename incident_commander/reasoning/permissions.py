"""What IAM is to allow for the services of AWS that are switched on."""

import re
from collections.abc import Mapping

from ..domain.permission import Statement, Where, merged
from .models import Models
from .services import Call, Service

_PROFILE = re.compile(r"^[a-z-]{2,8}\.(?P<model>[a-z]+\..+)$")
"""An inference profile's id is a model's with the place it is of before it."""
SEEING = Statement(sid="SeeModels", actions=("bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles"))
"""For what is checked at start-up and by `doctor`: these have no resources."""


def statements_of(
    services: tuple[Service, ...], settings: Mapping[str, object], models: Models, where: Where
) -> tuple[Statement, ...]:
    """One statement for each purpose of the services that are switched on; none where all are off.

    Args:
        settings: By their names; see Service.
        models: As they are shipped, without ids of an installation, which are in the settings.
    """
    found = [
        statement_for(service, call, services, settings, models, where)
        for service in services
        for call in service.calls_with(settings)
    ]
    return merged((*found, SEEING)) if found else ()


def statement_for(
    service: Service,
    call: Call,
    services: tuple[Service, ...],
    settings: Mapping[str, object],
    models: Models,
    where: Where,
) -> Statement:
    """What one call of a service needs."""
    asked = next(each for each in services if each.name == (service.asks or service.name))
    ids = _ids(asked, settings, models, where.region)
    named = {name: str(settings[name]).partition(":")[0] for name in call.settings}
    resources: list[str] = []
    for pattern in call.resources:
        if "{profile}" in pattern or "{model}" in pattern:
            resources += [arn for id in ids for arn in _arns(pattern, id, where)]
        else:
            resources.append(where.fill(pattern, named))
    return Statement(sid=call.purpose, actions=(call.action,), resources=tuple(resources))


def profile_and_model(id: str) -> tuple[str, str]:
    """The inference profile and the model that an id, or the end of an ARN, is; no profile: empty."""
    known = _PROFILE.match(id)
    return ("", id) if known is None else (id, known["model"])


def _ids(service: Service, settings: Mapping[str, object], models: Models, region: str) -> list[tuple[str, str]]:
    """What the service's models are asked by, each with the model that is behind it."""
    if service.model:
        return [(service.model, service.model)]
    replaced = settings.get("model_ids")
    instead: Mapping[object, object] = replaced if isinstance(replaced, dict) else {}
    return [
        (str(instead.get(name, model.id_in(region))), model.id)
        for name, model in models.models.items()
        if model.service == service.name
    ]


def _arns(pattern: str, ids: tuple[str, str], where: Where) -> tuple[str, ...]:
    asked, shipped = ids
    if asked.startswith("arn:"):
        # Which model is behind a profile of the account's own is not in its name: it is taken to be the one replaced.
        _, model = profile_and_model(asked.rpartition("/")[2])
        known = model if ":inference-profile/" in asked or ":foundation-model/" in asked else shipped
        return (asked,) if "{profile}" in pattern else (where.fill(pattern, {"model": known}),)
    profile, model = profile_and_model(asked)
    if "{profile}" in pattern:
        return (where.fill(pattern, {"profile": profile}),) if profile else ()
    return (where.fill(pattern, {"model": model}),)
