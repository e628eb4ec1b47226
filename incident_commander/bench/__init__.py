"""What is measured, and how: each runner prints a table, or with `--json` one JSON object."""

from .commands import app

__all__ = ["app"]
