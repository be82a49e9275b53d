"""Schemas of usage: what an account has used of its tier."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.comparisons import Day
from api.schemas.strict import Strict
from backplane.services.usage.reports import UsageReport


class UsagePeriod(Strict):
    period: Annotated[
        Day | None, Field(description="A day of the month that you ask for, by default today", examples=["2026-01-02"])
    ] = None


class Use(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    limit: Annotated[int | None, Field(description="Null is no limit", examples=[500])]
    used: Annotated[int, Field(description="How much of it is used", examples=[12])]
    reset: Annotated[datetime | None, Field(description="When there is room again; null where no time brings it")]


class Period(BaseModel):
    starts: Annotated[date, Field(description="A month begins on the day of the account's first, in UTC")]
    ends: Annotated[date, Field(description="The first day of the next month")]


class DayOfUse(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    day: Annotated[date, Field(description="The day, in UTC")]
    jobs: Annotated[dict[str, int], Field(description="By kind, without failed and cancelled ones")]
    calls: Annotated[int, Field(description="Requests of programs that created jobs on that day")]


class Usage(BaseModel):
    tier: Annotated[str, Field(description="`GET /api/v1/tiers` has its limits", examples=["pro"])]
    period: Annotated[Period, Field(description="The month of the account")]
    encryptions: Annotated[Use, Field(description="In the period")]
    stored_bytes: Annotated[Use, Field(description="With what unfinished jobs reserve for their results")]
    members: Annotated[Use, Field(description="Members of the account")]
    api_keys: Annotated[Use, Field(description="Valid API keys")]
    webhook_endpoints: Annotated[Use, Field(description="Webhook endpoints, also disabled ones")]
    api_calls: Annotated[
        Use | None, Field(description="Requests of programs that created jobs in the last hour; null without Redis")
    ]
    calls: Annotated[int, Field(description="The same in the period")]
    jobs: Annotated[dict[str, int], Field(description="By kind, in the period", examples=[{"encrypt": 12}])]
    days: Annotated[list[DayOfUse], Field(description="Every day of the period")]

    @classmethod
    def of(cls, report: UsageReport) -> Self:
        return cls(
            tier=report.tier.id,
            period=Period(starts=report.starts, ends=report.ends),
            encryptions=Use.model_validate(report.encryptions),
            stored_bytes=Use.model_validate(report.stored_bytes),
            members=Use.model_validate(report.members),
            api_keys=Use.model_validate(report.api_keys),
            webhook_endpoints=Use.model_validate(report.webhook_endpoints),
            api_calls=Use.model_validate(report.api_calls) if report.api_calls is not None else None,
            calls=report.calls,
            jobs=dict(report.jobs),
            days=[DayOfUse.model_validate(one) for one in report.days],
        )
