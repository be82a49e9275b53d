"""Schemas of the audit trail."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, LiteralString, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.strict import Strict
from api.schemas.values import Moment, WholeNumber
from backplane import ids
from backplane.services.audit.views import EVERYTHING, AuditFacts, Search
from backplane.services.audit.views import AuditRow as Row
from shield_core.audit.chains import SYSTEM
from shield_core.audit.verification import Finding as Found
from shield_core.audit.verification import Kind, Outcome, Verdict

ACTION = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII)
ACTOR = re.compile(r"user|api_key|operator|system|(usr|apk)_[0-9a-f]{32}", re.ASCII)
MAX_ACTIONS = 32
OBJECT = re.compile(r"([a-z]{3}_)?[0-9a-f]{32}", re.ASCII)


def _spelled(pattern: re.Pattern[str], message: LiteralString) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise PydanticCustomError("audit_filter", message)
        return value

    return AfterValidator(check)


ActionStart = Annotated[
    str, Field(max_length=64), _spelled(ACTION, "The beginning of an action, such as job. or key.exported")
]


class AuditConditions(Strict):
    """What a search looks for; every condition must hold."""

    action: Annotated[
        list[ActionStart],
        Field(max_length=MAX_ACTIONS, description="The beginning of the action, such as `job.`; of several, one fits"),
    ] = Field(default_factory=list)
    outcome: Annotated[
        Literal["accepted", "success", "failure", "cancelled"] | None, Field(description="What came of it")
    ] = None
    actor: Annotated[
        str | None,
        Field(max_length=64, description="`user`, `api_key`, `operator` or `system`; or the id of a user or API key"),
        _spelled(ACTOR, "One of user, api_key, operator and system, or an id usr_… or apk_…"),
    ] = None
    object_id: Annotated[
        str | None,
        Field(max_length=36, description="The id of a job, key, webhook …"),
        _spelled(OBJECT, "An id such as job_…, or its 32 hexadecimal digits"),
    ] = None
    created_after: Annotated[Moment | None, Field(description="At this time or later")] = None
    created_before: Annotated[Moment | None, Field(description="Before this time")] = None

    def search(self) -> Search:
        prefix, _, digits = (self.actor or "").partition("_")
        by_id = UUID(hex=digits) if prefix in {"usr", "apk"} else None
        return Search(
            actions=tuple(self.action),
            outcome=self.outcome,
            actor=self.actor if by_id is None else None,
            user_id=by_id if prefix == "usr" else None,
            api_key_id=by_id if prefix == "apk" else None,
            object_id=UUID(hex=self.object_id[-32:]) if self.object_id is not None else None,
            created_after=self.created_after,
            created_before=self.created_before,
        )


class AuditFilter(AuditConditions):
    limit: Annotated[WholeNumber, Field(ge=1, le=100)] = 20
    cursor: Annotated[str | None, Field(max_length=64, description="The `next_cursor` of the page before")] = None


class AuditExport(AuditConditions):
    """The form of an export, and for a table what is in it."""

    format: Annotated[
        Literal["jsonl", "csv"], Field(description="Lines that verify, always the whole chain; or a table")
    ] = "jsonl"

    @model_validator(mode="after")
    def refuse_partial_chain(self) -> Self:
        if self.format == "jsonl" and self.search() != EVERYTHING:
            raise PydanticCustomError("audit_filter", "A part of a chain does not verify: with conditions, ask for csv")
        return self


class AuditEntry(BaseModel):
    """Who did what to which object."""

    id: Annotated[str, Field(description="The entry, as `aud_` and 32 hexadecimal digits")]
    seq: Annotated[int | None, Field(description="The number in the chain; null for a second, until sealed")]
    created_at: datetime
    action: Annotated[str, Field(description="What was done, such as `key.exported`")]
    outcome: Annotated[str, Field(description="`accepted`, `success`, `failure` or `cancelled`")]
    actor: Annotated[str | None, Field(description="`user`, `api_key`, `operator` or `system`")]
    user_id: Annotated[str | None, Field(description="The user who did it; null if it was nobody known")]
    api_key_id: Annotated[str | None, Field(description="The API key that was used; null without one")]
    role: Annotated[str | None, Field(description="The user's role in the account at that time")]
    object_id: Annotated[str | None, Field(description="The 32 hexadecimal digits of the object's id")]
    request_id: Annotated[str | None, Field(description="The id of the request that did or caused it")]
    details: Annotated[dict[str, Any], Field(description="What else belongs to this action")]
    person: Annotated[
        dict[str, str] | None,
        Field(description="`address`, `email`, `device`, as far as known; null once the person is erased"),
    ]

    @classmethod
    def of(cls, facts: AuditFacts) -> Self:
        return cls(
            id=ids.to_wire("aud", facts.id),
            seq=facts.seq,
            created_at=facts.created_at,
            action=facts.action,
            outcome=facts.outcome,
            actor=facts.actor,
            user_id=ids.to_wire("usr", facts.user_id) if facts.user_id is not None else None,
            api_key_id=ids.to_wire("apk", facts.api_key_id) if facts.api_key_id is not None else None,
            role=facts.role,
            object_id=facts.object_id.hex if facts.object_id is not None else None,
            request_id=facts.request_id,
            details=dict(facts.details),
            person=dict(facts.person) if facts.person is not None else None,
        )


class AuditRow(AuditEntry):
    """An entry with its place in the chain: docs/reference/audit-format.md."""

    prev: Annotated[str | None, Field(description="The hash of the row before, in hexadecimal; null until sealed")]
    hash: Annotated[str | None, Field(description="The row's hash, in hexadecimal; null until sealed")]
    payload: Annotated[str | None, Field(description="What is hashed: canonical JSON, as a text; null until sealed")]
    signed: Annotated[bool, Field(description="Whether a signed checkpoint covers it")]

    @classmethod
    def of_row(cls, row: Row) -> Self:
        return cls(
            **AuditEntry.of(row.facts).model_dump(),
            prev=row.prev.hex() if row.prev is not None else None,
            hash=row.hash.hex() if row.hash is not None else None,
            payload=row.payload,
            signed=row.signed,
        )


class AuditPage(BaseModel):
    data: list[AuditEntry]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]


class AuditFinding(BaseModel):
    """Something wrong at a row."""

    kind: Kind
    seq: Annotated[int, Field(description="The row's number in the chain")]
    last: Annotated[int | None, Field(description="The last row, if it is about several")]

    @classmethod
    def of(cls, finding: Found) -> Self:
        return cls(kind=finding.kind, seq=finding.seq, last=finding.last)


class AuditVerdict(BaseModel):
    """What a verification found."""

    account_id: Annotated[str | None, Field(description="The account of the chain; null for that of the system")]
    outcome: Annotated[Outcome, Field(description="`unknown`: no trusted signature covers it yet")]
    rows: Annotated[int, Field(description="How many entries were read")]
    covered: Annotated[int, Field(description="The last row under a signed checkpoint")]
    covered_until: Annotated[datetime | None, Field(description="The time of the newest checkpoint")]
    uncovered: Annotated[int, Field(description="Rows behind it, which the next checkpoint will cover")]
    checkpoints: Annotated[int, Field(description="How many checkpoints of trusted signers there are")]
    signers: Annotated[list[str], Field(description="The keys that signed them, by thumbprint (RFC 7638)")]
    first: Annotated[AuditFinding | None, Field(description="The first row that was changed")]
    findings: Annotated[list[AuditFinding], Field(description="At most 100")]
    found: Annotated[int, Field(description="How many there are")]
    restored: Annotated[list[int], Field(description="Rows that say that an older database was restored")]

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        return cls(
            account_id=ids.to_wire("acc", verdict.chain) if verdict.chain != SYSTEM else None,
            outcome=verdict.outcome,
            rows=verdict.rows,
            covered=verdict.covered,
            covered_until=datetime.fromisoformat(verdict.covered_until) if verdict.covered_until else None,
            uncovered=verdict.uncovered,
            checkpoints=verdict.checkpoints,
            signers=list(verdict.signers),
            first=AuditFinding.of(verdict.first) if verdict.first is not None else None,
            findings=[AuditFinding.of(finding) for finding in verdict.findings],
            found=verdict.found,
            restored=list(verdict.restored),
        )
