"""Third-party payloads, read where they lie beside the checkout; they are not part of it."""

import json

import pytest
from pydantic import JsonValue

from ..running import REPOSITORY

_FOLDER = REPOSITORY.parent / "shared" / "data" / "alert_payloads"


def payload(name: str) -> JsonValue:
    """A payload by its file's name; skips the test where there is none."""
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"the third-party payload {name} is not beside the checkout")
    document: JsonValue = json.loads(path.read_text("utf-8"))
    return document
