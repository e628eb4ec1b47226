"""Checking a certificate offline: from itself, the voters' public keys and the quorum rule, and nothing else."""

from collections.abc import Mapping

from ..domain.ballot import Certificate, QuorumRule, Voter
from ..domain.base import Digest, IncidentId
from .poll import Poll, Submission
from .rule import rule as installed_rule
from .tally import effective_choices, tally


class InvalidCertificate(Exception):
    """A certificate does not prove what it claims; the message says why."""


def verify_certificate(
    certificate: Certificate,
    plan_digest: Digest,
    incident_id: IncidentId,
    public_keys: Mapping[Voter, str],
    rule: QuorumRule | None = None,
) -> tuple[Voter, ...]:
    """Repeat the count from the certificate's ballots, and return the voters that chose the plan.

    Args:
        plan_digest: Recomputed by the caller from the plan that is about to run.
        public_keys: The voters' known keys, base64; the keys that ballots carry are not trusted.
        rule: The rule that must have been kept; by default the installed one. The certificate's own is not trusted.

    Raises:
        InvalidCertificate: it is for another plan or incident, was made by another rule, holds a ballot that does not
            count, or its ballots are no quorum for the plan.
    """
    if certificate.incident_id != incident_id:
        raise InvalidCertificate(f"it is for incident {certificate.incident_id!r}, not for {incident_id!r}")
    if certificate.plan_digest != plan_digest:
        raise InvalidCertificate(f"it is for plan {certificate.plan_digest}, not for {plan_digest}")
    if certificate.rule != (rule or installed_rule()):
        raise InvalidCertificate("it was made by another quorum rule than the installed one")
    outcome = tally(
        _poll(certificate),
        [Submission(signed.ballot.voter, signed, certificate.issued_at) for signed in certificate.ballots],
        certificate.rule,
        public_keys,
        certificate.issued_at,
    )
    if outcome.rejected:
        first = outcome.rejected[0]
        raise InvalidCertificate(f"the ballot of {first.voter!r} does not count: {first.reason}: {first.detail}")
    if outcome.certificate is None or outcome.certificate.plan_digest != plan_digest:
        raise InvalidCertificate(f"its ballots are no quorum for plan {plan_digest}: {outcome.reason}")
    return outcome.votes[plan_digest]


def _poll(certificate: Certificate) -> Poll:
    """The round as its first ballot saw it: all its ballots must have judged the same candidates."""
    judged = certificate.ballots[0].ballot.judgement.scores if certificate.ballots else {}
    return Poll(
        incident_id=certificate.incident_id,
        round=certificate.round,
        candidates=frozenset(judged),
        opened_at=certificate.issued_at,
        deadline=certificate.issued_at,
        expires_at=max((signed.ballot.expires_at for signed in certificate.ballots), default=certificate.issued_at),
    )


def supporters(certificate: Certificate) -> tuple[Voter, ...]:
    """The voters whose ballots in it count for its plan. Says nothing about whether they are valid."""
    choices = effective_choices(certificate.ballots, certificate.rule)
    return tuple(voter for voter, choice in choices.items() if choice == certificate.plan_digest)
