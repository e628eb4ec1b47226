"""The store: tables, every query, and the ledger."""

from .alerts import Alerts, Door, Member, StoredAlert
from .certificates import CertificateConflict, Certificates
from .changes import Changes
from .database import Database, DatabaseClosed, SchemaMissing, Unit
from .dialect import DatabaseUnusable, check_database
from .executions import Executions
from .incidents import Incidents, UnknownIncident
from .ledger import KeyReused, Ledger, LedgerBroken, LedgerReport
from .ledger_key import LedgerKeyUnusable
from .migrations import migrate
from .outcomes import Outcomes
from .passages import Passages
from .practice import ActionKeyReused, PracticeRuns
from .url import UnsupportedDatabase, blocking_url, shown_url, workflow_url
from .usage import CountedCall, UsageLog
from .values import Values

__all__ = [
    "ActionKeyReused",
    "Alerts",
    "CertificateConflict",
    "Certificates",
    "Changes",
    "CountedCall",
    "Database",
    "DatabaseClosed",
    "DatabaseUnusable",
    "Door",
    "Executions",
    "Incidents",
    "KeyReused",
    "Ledger",
    "LedgerBroken",
    "LedgerKeyUnusable",
    "LedgerReport",
    "Member",
    "Outcomes",
    "Passages",
    "PracticeRuns",
    "SchemaMissing",
    "StoredAlert",
    "Unit",
    "UnknownIncident",
    "UnsupportedDatabase",
    "UsageLog",
    "Values",
    "blocking_url",
    "check_database",
    "migrate",
    "shown_url",
    "workflow_url",
]
