"""Making in an account of AWS what the reasoning services need, once: a plan first, and nothing twice."""

from .account import setup
from .parts import Document, Part, Step
from .wanted import load_wanted

__all__ = ["Document", "Part", "Step", "load_wanted", "setup"]
