"""The HTTP API: doors for alerts, incidents to read, practice runs, health."""

from .application import build_api
from .services import ApiServices

__all__ = ["ApiServices", "build_api"]
