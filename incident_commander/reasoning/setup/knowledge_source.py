"""Knowledge articles in the S3 source of a knowledge base, and the job that takes them in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from ...aws import Answer, Aws, Camel, Pascal, Rejected
from ...domain.usage import AiService
from .parts import Document, Step, StepState, token
from .wanted import Wanted

_VIA = "bedrock-agent"
CONSOLE = (
    "no knowledge base is set: make one in the Bedrock console (it needs a vector store, which costs) with a source in "
    "S3, and set IC_KNOWLEDGE_BASE_ID"
)


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """See Part. What is there already and the same is not uploaded again, and without news no job is started.

    Attributes:
        id: The knowledge base; empty: there is none.
        forgotten: Names of documents that are to go.
    """

    aws: Aws
    wanted: Wanted
    id: str
    documents: Sequence[Document]
    forgotten: frozenset[str] = frozenset()
    name: str = "knowledge"
    service: AiService = "Knowledge Bases"

    async def step(self, *, apply: bool) -> Step:
        """See Part."""
        if not self.id:
            return self._step("cannot", CONSOLE)
        source = await self._source()
        if source is None:
            return self._step("cannot", f"the knowledge base {self.id} has no source in S3; add one in the console")
        there = await self._there(source)
        news = await self._news(source, there)
        gone = sorted(name for name in self.forgotten if source.key(name) in there)
        where = f"s3://{source.bucket}/{source.prefix}"
        waiting = bool(there) and await self._waiting(source, there)
        if not news and not gone and not waiting:
            return self._step("there", f"{len(self.documents)} article(s) in {where}, all as they are here")
        told = f"{len(news)} article(s) to {where}, {len(gone)} away from there, and a job that takes it in"
        if not apply:
            return self._step("missing", told)
        for each in news:
            request = {"Bucket": source.bucket, "Key": source.key(each.name), "Body": each.text.encode()}
            await self.aws.read(Answer, "s3", "PutObject", {**request, "ContentType": "text/markdown"})
        for name in gone:
            await self.aws.read(Answer, "s3", "DeleteObject", {"Bucket": source.bucket, "Key": source.key(name)})
        return self._step("made", f"{told}: {await self._ingest(source)}")

    def _step(self, state: StepState, detail: str) -> Step:
        settings = {"IC_KNOWLEDGE_BASE_ID": self.id} if state in ("there", "made") else {}
        return Step(part=self.name, service=self.service, state=state, detail=detail, settings=settings)

    async def _source(self) -> "_Source | None":
        listed = await self.aws.read_all(_Sources, _VIA, "ListDataSources", {"knowledgeBaseId": self.id})
        for each in listed.data_source_summaries:
            asked = {"knowledgeBaseId": self.id, "dataSourceId": each.data_source_id}
            known = (await self.aws.read(_Described, _VIA, "GetDataSource", asked)).data_source
            in_s3 = known.data_source_configuration.s3_configuration
            if in_s3 is not None:
                read = in_s3.inclusion_prefixes[0].rstrip("/") if in_s3.inclusion_prefixes else ""
                prefix = "/".join(part for part in (read, self.wanted.knowledge.folder) if part)
                return _Source(each.data_source_id, in_s3.bucket_arn.rpartition(":")[2], f"{prefix}/")
        return None

    async def _there(self, source: "_Source") -> "dict[str, _Listed]":
        """What is in the source's folder, by key."""
        asked = {"Bucket": source.bucket, "Prefix": source.prefix}
        listed = await self.aws.read_all(_Objects, "s3", "ListObjectsV2", asked)
        return {each.key: each for each in listed.contents}

    async def _waiting(self, source: "_Source", there: "dict[str, _Listed]") -> bool:
        """Whether something was uploaded that no job has taken in since."""
        last = await self._last_job(source)
        if last is None or last.status in ("FAILED", "STOPPED"):
            return True
        # S3 tells whole seconds, the job's start is finer: what came within the same second is taken in twice.
        return max(each.last_modified for each in there.values()) >= last.started_at.replace(microsecond=0)

    async def _last_job(self, source: "_Source") -> "_JobSummary | None":
        asked = {"knowledgeBaseId": self.id, "dataSourceId": source.id, "maxResults": 1}
        newest_first = {"attribute": "STARTED_AT", "order": "DESCENDING"}
        jobs = await self.aws.read(_Jobs, _VIA, "ListIngestionJobs", {**asked, "sortBy": newest_first})
        return jobs.ingestion_job_summaries[0] if jobs.ingestion_job_summaries else None

    async def _news(self, source: "_Source", there: "dict[str, _Listed]") -> list[Document]:
        async def is_new(each: Document) -> bool:
            key, content = source.key(each.name), each.text.encode()
            if key not in there or there[key].size != len(content):
                return True
            kept = await self.aws.read(_Object, "s3", "GetObject", {"Bucket": source.bucket, "Key": key})
            return kept.body != content

        new = await asyncio.gather(*(is_new(each) for each in self.documents))
        return [each for each, is_it in zip(self.documents, new, strict=True) if is_it]

    async def _ingest(self, source: "_Source") -> str:
        asked = {"knowledgeBaseId": self.id, "dataSourceId": source.id}
        last = await self._last_job(source)
        after = {**asked, "after": last.ingestion_job_id if last is not None else ""}
        try:
            job = await self.aws.read(_Job, _VIA, "StartIngestionJob", {**asked, "clientToken": token(after)})
        except Rejected as error:
            if error.code != "ConflictException":
                raise
            return "another one is under way, so run this again once it has ended"
        return f"job {job.ingestion_job.ingestion_job_id}"


@dataclass(frozen=True, slots=True)
class _Source:
    id: str
    bucket: str
    prefix: str

    def key(self, name: str) -> str:
        return f"{self.prefix}{name}"


class _SourceSummary(Camel):
    data_source_id: str


class _Sources(Answer):
    data_source_summaries: tuple[_SourceSummary, ...] = ()


class _InS3(Camel):
    bucket_arn: str
    inclusion_prefixes: tuple[str, ...] = ()


class _Configuration(Camel):
    s3_configuration: _InS3 | None = None


class _DataSource(Camel):
    data_source_configuration: _Configuration


class _Described(Answer):
    data_source: _DataSource


class _Listed(Pascal):
    key: str
    size: int = 0
    last_modified: datetime


class _Objects(Pascal):
    contents: tuple[_Listed, ...] = ()


class _Object(Pascal):
    body: bytes = Field(default=b"")


class _JobId(Camel):
    ingestion_job_id: str


class _Job(Answer):
    ingestion_job: _JobId


class _JobSummary(_JobId):
    status: str
    started_at: datetime


class _Jobs(Answer):
    ingestion_job_summaries: tuple[_JobSummary, ...] = ()
