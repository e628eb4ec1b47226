"""The HTTP API: doors for alerts, incidents to read, practice runs, health."""

from .application import build_api
from .services import ApiServices, SlackApp

__all__ = ["ApiServices", "SlackApp", "build_api"]
