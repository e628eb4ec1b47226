"""What /demo and /transparency may ask for; none of it needs the response or its store to run."""

from dataclasses import dataclass

from ..response.demo_runs import DemoRuns
from ..response.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Practice runs in processes and stores of their own, and the recordings that were kept."""

    demo_runs: DemoRuns
    shelf: Shelf
