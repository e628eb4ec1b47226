"""By which quorum rule a recorded round was counted."""

from ...consensus.rule import rule as installed_rule
from ...domain.ballot import QuorumRule
from ..record import IncidentRecord


def rule_of(record: IncidentRecord) -> QuorumRule:
    """The rule that its certificate names; without one, the installed rule."""
    tally = record.tally
    return tally.certificate.rule if tally and tally.certificate else installed_rule()
