"""What can be made in an account for the reasoning services, as the server keeps it: each made once for each token."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .cases import ACCOUNT
from .client import REGION
from .front import Front
from .protocol import Answer, Refusal

BORN = datetime(2026, 11, 29, 12, tzinfo=UTC)
BASE, SOURCE = "KB12345678", "SRC1234567"
BUCKET = "knowledge-of-the-shop"
Row = dict[str, object]


@dataclass(slots=True)
class Control:
    """The account, empty but for a knowledge base.

    Attributes:
        made: What was made, by kind, in order.
        slowly: How many looks it takes until what was made is ready.
        source: What the data source of the knowledge base is.
    """

    front: Front
    made: dict[str, list[Row]] = field(default_factory=dict)
    slowly: int = 0
    source: Row = field(
        default_factory=lambda: {
            "type": "S3",
            "s3Configuration": {"bucketArn": f"arn:aws:s3:::{BUCKET}", "inclusionPrefixes": ["docs/"]},
        }
    )
    jobs: list[Row] = field(default_factory=list)
    _tokens: dict[str, Answer] = field(default_factory=dict)
    _looks: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for service, operations in self._operations().items():
            self.front.serve(service, {name: self._once(operation) for name, operation in operations.items()})

    def of(self, kind: str) -> list[Row]:
        """What was made of a kind."""
        return self.made.setdefault(kind, [])

    def _once(self, operation: Callable[[Row], Answer]) -> Callable[[Row], Answer]:
        def once(asked: Row) -> Answer:
            token = asked.get("clientToken") or asked.get("clientRequestToken")
            if not isinstance(token, str):
                return operation(asked)
            if token not in self._tokens:
                self._tokens[token] = operation(asked)
            return self._tokens[token]

        return once

    def _status(self, id: str, good: str, before: str) -> str:
        self._looks[id] = self._looks.get(id, 0) + 1
        return good if self._looks[id] > self.slowly else before

    def _operations(self) -> dict[str, dict[str, Callable[[Row], Answer]]]:
        return {
            "bedrock": {
                "ListGuardrails": self._guardrails,
                "GetGuardrail": self._guardrail,
                "CreateGuardrail": self._make_guardrail,
                "CreateGuardrailVersion": self._make_version,
            },
            "bedrock-agentcore-control": {
                "ListMemories": lambda asked: {"memories": [_summary_of_memory(each) for each in self.of("memories")]},
                "CreateMemory": self._make_memory,
            },
            "bedrock-agent": {
                "ListDataSources": lambda asked: {"dataSourceSummaries": [_source_summary()]},
                "GetDataSource": lambda asked: {"dataSource": self._source()},
                "ListIngestionJobs": lambda asked: {"ingestionJobSummaries": [*reversed(self.jobs)][:1]},
                "StartIngestionJob": self._start_job,
                "ListAgents": lambda asked: {
                    "agentSummaries": [
                        {name: each[name] for name in ("agentId", "agentName", "agentStatus", "updatedAt")}
                        for each in self.of("agents")
                    ]
                },
                "GetAgent": self._agent,
                "CreateAgent": self._make_agent,
                "PrepareAgent": self._prepare,
                "ListAgentAliases": lambda asked: {"agentAliasSummaries": self.of("aliases")},
                "CreateAgentAlias": self._make_alias,
            },
            "qbusiness": {
                "ListApplications": lambda asked: {"applications": self.of("applications")},
                "GetApplication": lambda asked: {
                    "status": self._status(str(asked["applicationId"]), "ACTIVE", "CREATING")
                },
                "CreateApplication": self._make_application,
                "ListIndices": lambda asked: {"indices": self.of("indices")},
                "GetIndex": lambda asked: {"status": self._status(str(asked["indexId"]), "ACTIVE", "CREATING")},
                "CreateIndex": self._make_index,
                "ListRetrievers": lambda asked: {"retrievers": self.of("retrievers")},
                "CreateRetriever": self._make_retriever,
            },
        }

    def _guardrails(self, asked: Row) -> Answer:
        wanted = asked.get("guardrailIdentifier")
        drafts = [each for each in self.of("guardrails") if wanted in (None, each["id"])]
        versions = [each for each in self.of("versions") if each["id"] == wanted]
        return {"guardrails": [*drafts, *versions]}

    def _guardrail(self, asked: Row) -> Answer:
        (found,) = (each for each in self.of("guardrails") if each["id"] == asked["guardrailIdentifier"])
        return {
            "name": found["name"],
            "guardrailId": found["id"],
            "guardrailArn": found["arn"],
            "version": "DRAFT",
            "status": self._status(str(found["id"]), "READY", "CREATING"),
            "createdAt": BORN,
            "updatedAt": BORN,
            "blockedInputMessaging": "no",
            "blockedOutputsMessaging": "no",
        }

    def _make_guardrail(self, asked: Row) -> Answer:
        id = f"gr{len(self.of('guardrails')):010d}"
        row = {
            "id": id,
            "arn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:guardrail/{id}",
            "status": "READY",
            "name": asked["name"],
            "version": "DRAFT",
            "createdAt": BORN,
            "updatedAt": BORN,
        }
        self.of("guardrails").append(row)
        self.of("guardrails asked").append(asked)
        return {"guardrailId": id, "guardrailArn": row["arn"], "version": "DRAFT", "createdAt": BORN}

    def _make_version(self, asked: Row) -> Answer:
        (draft,) = (each for each in self.of("guardrails") if each["id"] == asked["guardrailIdentifier"])
        version = str(len(self.of("versions")) + 1)
        self.of("versions").append({**draft, "version": version})
        return {"guardrailId": draft["id"], "version": version}

    def _make_memory(self, asked: Row) -> Answer:
        id = f"{asked['name']}-AbCdEf{len(self.of('memories')):04d}"
        row = {
            "arn": f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/{id}",
            "id": id,
            "name": asked["name"],
            "eventExpiryDuration": asked["eventExpiryDuration"],
            "status": "CREATING",
            "createdAt": BORN,
            "updatedAt": BORN,
        }
        self.of("memories").append(row)
        self.of("memories asked").append(asked)
        return {"memory": row}

    def _source(self) -> Answer:
        return {**_source_summary(), "dataSourceConfiguration": self.source, "createdAt": BORN}

    def _start_job(self, asked: Row) -> Answer:
        if any(job["status"] == "IN_PROGRESS" for job in self.jobs):
            raise Refusal("ConflictException", "an ingestion job of this data source is in progress", 409)
        now = datetime.now(UTC).replace(microsecond=0).timestamp() + 1
        at = datetime.fromtimestamp(now, UTC)
        job: Row = {
            "knowledgeBaseId": BASE,
            "dataSourceId": SOURCE,
            "ingestionJobId": f"JOB{len(self.jobs):07d}",
            "status": "COMPLETE",
            "startedAt": at,
            "updatedAt": at,
        }
        self.jobs.append(job)
        return {"ingestionJob": job}

    def _agent(self, asked: Row) -> Answer:
        (found,) = (each for each in self.of("agents") if each["agentId"] == asked["agentId"])
        if found["agentStatus"] in ("CREATING", "PREPARING"):
            good = "NOT_PREPARED" if found["agentStatus"] == "CREATING" else "PREPARED"
            key = f"{found['agentId']} {found['agentStatus']}"
            found["agentStatus"] = self._status(key, good, str(found["agentStatus"]))
        return {"agent": found}

    def _make_agent(self, asked: Row) -> Answer:
        id = f"AGENT{len(self.of('agents')):05d}"
        agent: Row = {
            "agentId": id,
            "agentArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:agent/{id}",
            "agentVersion": "DRAFT",
            "agentStatus": "CREATING",
            "idleSessionTTLInSeconds": 600,
            "createdAt": BORN,
            "updatedAt": BORN,
        }
        kept = ("agentName", "agentResourceRoleArn", "memoryConfiguration", "foundationModel", "instruction")
        agent |= {name: asked[name] for name in kept if name in asked}
        self.of("agents").append(agent)
        return {"agent": agent}

    def _prepare(self, asked: Row) -> Answer:
        (found,) = (each for each in self.of("agents") if each["agentId"] == asked["agentId"])
        found["agentStatus"] = "PREPARING"
        return {"agentId": found["agentId"], "agentStatus": "PREPARING", "agentVersion": "DRAFT", "preparedAt": BORN}

    def _make_alias(self, asked: Row) -> Answer:
        alias: Row = {
            "agentAliasId": f"ALIAS{len(self.of('aliases')):05d}",
            "agentAliasName": asked["agentAliasName"],
            "agentAliasStatus": "CREATING",
            "createdAt": BORN,
            "updatedAt": BORN,
        }
        self.of("aliases").append(alias)
        arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:agent-alias/{asked['agentId']}/{alias['agentAliasId']}"
        whole = {**alias, "agentId": asked["agentId"], "agentAliasArn": arn, "routingConfiguration": []}
        return {"agentAlias": whole}

    def _make_application(self, asked: Row) -> Answer:
        id = f"a1b2c3d4-0000-4000-8000-{len(self.of('applications')):012d}"
        row = {"applicationId": id, "displayName": asked["displayName"], "identityType": asked["identityType"]}
        self.of("applications").append({**row, "status": "ACTIVE"})
        return {"applicationId": id}

    def _make_index(self, asked: Row) -> Answer:
        id = f"b1b2c3d4-0000-4000-8000-{len(self.of('indices')):012d}"
        self.of("indices").append({"indexId": id, "displayName": asked["displayName"], "status": "ACTIVE"})
        return {"indexId": id}

    def _make_retriever(self, asked: Row) -> Answer:
        id = f"c1b2c3d4-0000-4000-8000-{len(self.of('retrievers')):012d}"
        row = {"retrieverId": id, "applicationId": asked["applicationId"], "type": asked["type"], "status": "ACTIVE"}
        self.of("retrievers").append(row)
        return {"retrieverId": id}


def _summary_of_memory(row: Mapping[str, object]) -> Answer:
    return {name: row[name] for name in ("arn", "id", "status", "createdAt", "updatedAt")}


def _source_summary() -> Row:
    return {
        "knowledgeBaseId": BASE,
        "dataSourceId": SOURCE,
        "name": "articles",
        "status": "AVAILABLE",
        "updatedAt": BORN,
    }
