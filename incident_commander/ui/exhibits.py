"""What /demo and /transparency may ask for; none of it needs the response or its store to run."""

from dataclasses import dataclass, field

from ..response.counterfactuals import Counterfactuals
from ..response.demo_runs import DemoRuns
from ..response.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Practice runs in processes and stores of their own, the recordings that were kept, and what else they could be.

    Nothing of it has been started before it is asked.
    """

    demo_runs: DemoRuns
    shelf: Shelf
    counterfactuals: Counterfactuals = field(default_factory=Counterfactuals)

    def close(self) -> None:
        """End what was started and is not a viewer's own."""
        self.counterfactuals.close()
