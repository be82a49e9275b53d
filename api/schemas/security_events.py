"""Schemas of security events."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.strict import Strict
from api.schemas.values import Flag, Moment, WholeNumber
from backplane import ids
from backplane.services.security.facts import PREFIX, SecurityEventFacts
from backplane.services.security.views import Search

RuleName = Literal[
    "dormant_api_key",
    "failed_log_ins",
    "failed_log_ins_by_address",
    "failed_unlocks",
    "id_scraping",
    "mass_download",
    "new_network",
    "privilege_change",
]
Severity = Literal["low", "medium", "high"]


class SecurityEventFilter(Strict):
    """What a list has; every condition must hold."""

    limit: Annotated[WholeNumber, Field(ge=1, le=100)] = 20
    cursor: Annotated[str | None, Field(max_length=64, description="The `next_cursor` of the page before")] = None
    rule: Annotated[RuleName | None, Field(description="Only events of this rule")] = None
    severity: Annotated[Severity | None, Field(description="Only events of this severity")] = None
    open: Annotated[Flag | None, Field(description="Only events that nobody has acknowledged, or only the others")] = (
        None
    )
    created_after: Annotated[Moment | None, Field(description="At this time or later")] = None
    created_before: Annotated[Moment | None, Field(description="Before this time")] = None

    def search(self) -> Search:
        return Search(
            rule=self.rule,
            severity=self.severity,
            open=self.open,
            created_after=self.created_after,
            created_before=self.created_before,
        )


class SecurityEvent(BaseModel):
    """Something unusual that a rule found in the audit trail."""

    id: Annotated[str, Field(description="The event, as `sec_` and 32 hexadecimal digits")]
    rule: Annotated[RuleName, Field(description="The rule: docs/guides/security-events.md")]
    severity: Severity
    what: Annotated[str, Field(description="What happened")]
    advice: Annotated[str, Field(description="What to do")]
    account_id: Annotated[str | None, Field(description="The account; null for an event of the installation")]
    user_id: Annotated[str | None, Field(description="The user whom it concerns, as far as known")]
    count: Annotated[int, Field(description="How often it happened, with all repetitions")]
    facts: Annotated[dict[str, Any], Field(description="What else belongs to the rule, such as `api_key_id`")]
    first_at: Annotated[datetime, Field(description="When the rule found it")]
    last_at: Annotated[datetime, Field(description="When it was last found; a repetition within a day counts here")]
    audit_url: Annotated[
        str | None, Field(description="The entries of the audit trail around it; null for the installation")
    ]
    acknowledged_at: Annotated[datetime | None, Field(description="When somebody looked at it; null while it is open")]
    acknowledged_by: Annotated[str | None, Field(description="The user who did; null for an API key")]

    @classmethod
    def of(cls, facts: SecurityEventFacts) -> Self:
        return cls(
            id=ids.to_wire(PREFIX, facts.id),
            rule=cast("RuleName", facts.rule),
            severity=cast("Severity", facts.severity),
            what=facts.what,
            advice=facts.advice,
            account_id=_wire("acc", facts.account_id),
            user_id=_wire("usr", facts.user_id),
            count=facts.count,
            facts=dict(facts.facts),
            first_at=facts.first_at,
            last_at=facts.last_at,
            audit_url=facts.audit_url,
            acknowledged_at=facts.acknowledged_at,
            acknowledged_by=_wire("usr", facts.acknowledged_by),
        )


class SecurityEventPage(BaseModel):
    data: list[SecurityEvent]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]

    @classmethod
    def of(cls, found: list[SecurityEventFacts], *, has_more: bool) -> Self:
        data = [SecurityEvent.of(facts) for facts in found]
        return cls(data=data, has_more=has_more, next_cursor=data[-1].id if has_more else None)


def _wire(prefix: str, value: UUID | None) -> str | None:
    return ids.to_wire(prefix, value) if value is not None else None
