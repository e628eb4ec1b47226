"""A certificate taken apart: each thing it must be, whether it is, and what was compared, in words."""

from collections.abc import Iterator, Mapping

from ..domain.ballot import Certificate, QuorumRule, SignedBallot, Voter
from ..domain.base import IncidentId, Value
from ..domain.plan import Plan
from .ballots import signature_is_valid
from .certificate import InvalidCertificate, verify_certificate
from .rule import rule as installed_rule

_SHOWN = 12
"""How much of a digest or key is shown."""


class Finding(Value):
    """One check: what it is called, how it came out, and what was compared."""

    name: str
    holds: bool
    detail: str


def examine(
    certificate: Certificate,
    plan: Plan,
    public_keys: Mapping[Voter, str],
    incident_id: IncidentId | None = None,
    rule: QuorumRule | None = None,
) -> tuple[Finding, ...]:
    """Check a certificate; it holds when every finding does.

    Args:
        plan: What it is said to certify; its digest is computed again.
        public_keys: The voters' known keys, base64.
        incident_id: Which incident it must be for; None: whichever it names.
        rule: The rule that must have been kept; None: the installed one.
    """
    expected = installed_rule() if rule is None else rule
    meant = certificate.incident_id if incident_id is None else incident_id
    return (
        Finding(
            name="Plan digest computed again",
            holds=plan.digest == certificate.plan_digest,
            detail=f"SHA-256 of the plan is {plan.digest[:_SHOWN]}…, the certificate names "
            f"{certificate.plan_digest[:_SHOWN]}…",
        ),
        Finding(
            name="Bound to this incident",
            holds=certificate.incident_id == meant,
            detail=f"the certificate names {certificate.incident_id}, round {certificate.round}",
        ),
        Finding(
            name="Made by the quorum rule installed here",
            holds=certificate.rule == expected,
            detail=_compared(certificate.rule, expected),
        ),
        *_signatures(certificate.ballots, public_keys),
        _counted_again(certificate, plan, meant, public_keys, expected),
    )


def _compared(named: QuorumRule, expected: QuorumRule) -> str:
    """Both rules in numbers; the weights where these are the same and the rules are not."""
    numbers = f"n = {named.n}, f = {named.f}, {named.required} required"
    here = f"here n = {expected.n}, f = {expected.f}, {expected.required} required"
    differ = {voter for voter in named.weights | expected.weights if _weight(named, voter) != _weight(expected, voter)}
    weights = f"; other weights of {', '.join(sorted(differ))}" if differ else ""
    return f"{numbers}; {here}{weights}"


def _weight(rule: QuorumRule, voter: Voter) -> float | None:
    return rule.weights.get(voter)


def _signatures(ballots: tuple[SignedBallot, ...], public_keys: Mapping[Voter, str]) -> Iterator[Finding]:
    for signed in ballots:
        voter = signed.ballot.voter
        known = public_keys.get(voter)
        valid = signature_is_valid(signed)
        yield Finding(
            name=f"Signature of {voter}",
            holds=known == signed.public_key and valid,
            detail=f"no key of {voter} is known here"
            if known is None
            else f"the key {signed.public_key[:_SHOWN]}… is not the one known of {voter}"
            if known != signed.public_key
            else f"valid over {len(signed.ballot.canonical())} bytes by {voter}'s key {known[:_SHOWN]}…"
            if valid
            else "the signature is not the key's over this ballot",
        )


def _counted_again(
    certificate: Certificate, plan: Plan, incident_id: IncidentId, public_keys: Mapping[Voter, str], rule: QuorumRule
) -> Finding:
    name = "Votes counted again"
    try:
        voters = verify_certificate(certificate, plan.digest, incident_id, public_keys, rule)
    except InvalidCertificate as error:
        return Finding(name=name, holds=False, detail=str(error))
    return Finding(
        name=name, holds=True, detail=f"{len(voters)} of {rule.n}, {rule.required} needed: {', '.join(voters)}"
    )
