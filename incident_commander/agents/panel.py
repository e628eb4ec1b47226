"""The five voters side by side: one pure call a voter, so that each can run in a process of its own."""

from ..domain.ballot import Judgement, Voter
from ..domain.plan import Plan
from . import communication, detection, diagnosis, prediction, resolution
from .case import Case


def vote(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Judgement:
    """Have one voter examine the case afresh and judge the plans by what it found, seeing nobody else's findings."""
    match voter:
        case "detection":
            return detection.judge(plans, detection.examine(case))
        case "diagnosis":
            return diagnosis.judge(plans, diagnosis.examine(case))
        case "prediction":
            return prediction.judge(plans, prediction.examine(case))
        case "resolution":
            return resolution.judge(plans, resolution.examine(case))
        case "communication":
            return communication.judge(plans, communication.examine(case))
