"""Certificates, each with the plan it certifies, so that both can be checked offline."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.ballot import Certificate
from ..domain.base import IncidentId
from ..domain.plan import Plan
from .tables import CertificateRow


class CertificateConflict(Exception):
    """A round of an incident has a certificate already, for another plan or from other ballots."""


class Certificates:
    """The certificates within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def save(self, certificate: Certificate, plan: Plan) -> None:
        """Store a round's one certificate with its plan; the same again changes nothing.

        Raises:
            ValueError: the certificate is for another plan.
            CertificateConflict: that round has another certificate.
        """
        if certificate.plan_digest != plan.digest:
            raise ValueError(f"the certificate is for plan {certificate.plan_digest!r}, not for {plan.digest!r}")
        row = await self._session.get(CertificateRow, (certificate.incident_id, certificate.round))
        if row is None:
            self._session.add(
                CertificateRow(
                    incident_id=certificate.incident_id,
                    round=certificate.round,
                    plan_digest=certificate.plan_digest,
                    certificate=certificate.model_dump_json(),
                    plan=plan.model_dump_json(),
                )
            )
            await self._session.flush()
        elif Certificate.model_validate_json(row.certificate) != certificate:
            raise CertificateConflict(
                f"round {certificate.round} of incident {certificate.incident_id!r} has a certificate for plan "
                f"{row.plan_digest!r} already; a new decision needs a new round"
            )

    async def of_incident(self, incident_id: IncidentId) -> tuple[tuple[Certificate, Plan], ...]:
        """An incident's certificates with their plans, by round."""
        query = select(CertificateRow).where(col(CertificateRow.incident_id) == incident_id)
        query = query.order_by(col(CertificateRow.round))
        return tuple(
            (Certificate.model_validate_json(row.certificate), Plan.model_validate_json(row.plan))
            for row in (await self._session.execute(query)).scalars()
        )
