"""A run of the practice company: the stored triple (scenario, seed, actions received) that rebuilds its world."""

from typing import Literal

from pydantic import Field

from .ballot import Voter
from .base import JsonObject, RunId, ServiceName, UtcDatetime, Value
from .fault import VoterFault
from .findings import FaultKind
from .plan import Action, ActionName
from .provenance import Provenance

ApproverKind = Literal["modelled", "person"]


class PracticeRun(Value):
    """One practice run.

    Attributes:
        pace: Simulated seconds in a second of wall time; None: the world stands still until it is told to move.
        external_alerting: True when outside servers scrape the world and alert, so that it posts no alerts of its own.
        approver: Who answers approvals: the modelled operator, or a person on /ops.
        faults: The voters that are made to fail in this run, and how.
        epoch: Simulated time at which the world begins, with its quiet history.
        opened_at: Simulated time up to which that history was computed before anyone looked.
        started_at: Wall clock.
        clock_at: Simulated time reached, for a world that stands still.
    """

    id: RunId
    scenario: str
    seed: int = Field(ge=0, lt=2**32)
    pace: float | None = None
    external_alerting: bool = False
    approver: ApproverKind = "modelled"
    faults: dict[Voter, VoterFault] = {}
    epoch: UtcDatetime
    opened_at: UtcDatetime
    started_at: UtcDatetime
    clock_at: UtcDatetime
    ended: bool = False


class JournalEntry(Value):
    """The world's own witness of one received action; `deliveries` counts how often its key was presented."""

    run: RunId
    sequence: int = Field(ge=1)
    idempotency_key: str
    action: Action
    received_at: UtcDatetime
    applied: bool
    detail: str
    deliveries: int = Field(default=1, ge=1)


class Answer(Value):
    """What was really wrong in a practice run. For the judge, after the end; no port leads here.

    Attributes:
        service: The service at fault; None where there is no fault.
        onset: Simulated time at which the fault began; None where there is none.
        acceptable: The (action, target) pairs that mend it; empty where none does and acting is wrong.
        harmful: The pairs that make it worse.
    """

    service: ServiceName | None
    fault: FaultKind | None
    onset: UtcDatetime | None = None
    acceptable: tuple[tuple[ActionName, ServiceName], ...]
    harmful: tuple[tuple[ActionName, ServiceName], ...]
    explanation: str


class Baseline(Value):
    """The same seed answered by the modelled human, and by nobody: durations in simulated seconds.

    Attributes:
        acknowledged_seconds: From onset to the person's acknowledgement.
        mttr_seconds: From onset to the end of customer impact; None when the person does not mend it either.
        customer_cost_usd: By `human` and by `nobody`, over the same horizon.
        assumptions: The figures used, with the file that cites them.
    """

    acknowledged_seconds: float | None
    mttr_seconds: float | None
    customer_cost_usd: dict[str, float]
    assumptions: JsonObject
    provenance: Provenance


class Flow(Value):
    """One kind of harm, scrape by scrape.

    Attributes:
        name: `failed requests`, `slow requests`, ...
        price: The assumption that says what one of them costs, in USD: `usd_per_failed_request`, ...
        per_second: float[n_scrapes].
    """

    name: str
    price: str
    per_second: tuple[float, ...]


class Course(Value):
    """How customers fared along one course of a seed: answered by us, by the modelled human, or by nobody.

    Costs are counted over the same scrapes in all three, so that they can be compared.

    Attributes:
        requests_per_second: What customers asked for, float[n_scrapes].
        flows: The kinds of harm that cost something; one course's cost is the sum over all of them of
            `per_second * interval_seconds * price`.
        acknowledged_at: When somebody took it up; None for nobody.
        acted_at: When the first action was received; None: none was.
        well_at: When customers were well again for good; None: not within the time counted.
    """

    name: Literal["ours", "human", "nobody"]
    requests_per_second: tuple[float, ...]
    flows: tuple[Flow, ...]
    acknowledged_at: UtcDatetime | None = None
    acted_at: UtcDatetime | None = None
    well_at: UtcDatetime | None = None


class Courses(Value):
    """The three courses of one seed, in simulated time.

    Attributes:
        start: Beginning of the first scrape: the fault's onset, or of what was no fault.
        alerted_at: When the first alarm fired; None: none did.
    """

    start: UtcDatetime
    interval_seconds: float = Field(gt=0)
    alerted_at: UtcDatetime | None
    ours: Course
    human: Course
    nobody: Course
