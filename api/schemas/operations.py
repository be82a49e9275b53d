"""Schemas of the whole installation, for operators: usage, queue and settings."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backplane import ids
from backplane.services.administration.effective_settings import EffectiveSetting
from backplane.services.administration.installation import QueueRow, UsageFigures
from backplane.services.administration.revenue import RevenueFigures

AccountId = Annotated[str, Field(examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
AccountName = Annotated[str | None, Field(description="Its name; of a personal account the address of its user")]


class TierCount(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    tier: Annotated[str, Field(description="The id of the tier", examples=["pro"])]
    active: Annotated[int, Field(description="Accounts that work")]
    suspended: Annotated[int, Field(description="Accounts that an operator has suspended")]
    closed: Annotated[int, Field(description="Accounts that their owners have closed")]


class KindCount(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Annotated[str, Field(description="The kind of the jobs", examples=["encrypt"])]
    jobs: Annotated[int, Field(description="Without failed and cancelled ones")]
    calls: Annotated[int, Field(description="Requests of programs that created them")]


class TopAccount(BaseModel):
    account_id: AccountId
    name: AccountName
    tier: Annotated[str, Field(description="The id of its tier", examples=["enterprise"])]
    jobs: Annotated[int, Field(description="In this month, without failed and cancelled ones")]
    stored_bytes: Annotated[int, Field(description="What it has in the store now")]


class Conversion(BaseModel):
    from_tier: Annotated[str, Field(description="The tier before", examples=["free"])]
    to_tier: Annotated[str, Field(description="The tier after", examples=["pro"])]
    count: Annotated[int, Field(description="How often, since the installation began")]


class Revenue(BaseModel):
    """The figures of the metrics `monthly_recurring_revenue` and `subscription_conversions_total`."""

    currency: Annotated[str, Field(description="Of the prices in the table of tiers (ISO 4217)", examples=["USD"])]
    monthly: Annotated[float, Field(description="Prices of the tiers of all active accounts, for a month")]
    conversions: Annotated[list[Conversion], Field(description="Changes of tiers by operators")]

    @classmethod
    def of(cls, figures: RevenueFigures) -> Self:
        conversions = [
            Conversion(from_tier=former, to_tier=to, count=count)
            for (former, to), count in sorted(figures.conversions.items())
        ]
        return cls(currency=figures.currency, monthly=figures.monthly, conversions=conversions)


class InstallationUsage(BaseModel):
    month: Annotated[date, Field(description="The first day of this calendar month, in UTC")]
    users: Annotated[int, Field(description="All users")]
    operators: Annotated[int, Field(description="Users who are operators")]
    accounts: Annotated[list[TierCount], Field(description="By tier")]
    jobs: Annotated[list[KindCount], Field(description="In this month, by kind")]
    stored_bytes: Annotated[int, Field(description="What is in the store now")]
    stored_objects: Annotated[int, Field(description="Pictures and key files in the store")]
    top_accounts: Annotated[list[TopAccount], Field(description="The ten with most jobs in this month")]
    revenue: Annotated[Revenue, Field(description="What the tiers of all active accounts cost")]

    @classmethod
    def of(cls, figures: UsageFigures) -> Self:
        return cls(
            month=figures.totals.month,
            users=figures.totals.users,
            operators=figures.totals.operators,
            accounts=[TierCount.model_validate(one) for one in figures.accounts],
            jobs=[KindCount.model_validate(one) for one in figures.jobs],
            stored_bytes=figures.totals.stored_bytes,
            stored_objects=figures.totals.stored_objects,
            top_accounts=[
                TopAccount(
                    account_id=_account(one.account_id),
                    name=one.name,
                    tier=one.tier,
                    jobs=one.jobs,
                    stored_bytes=one.stored,
                )
                for one in figures.top
            ],
            revenue=Revenue.of(figures.revenue),
        )


class QueueShare(BaseModel):
    account_id: AccountId
    name: AccountName
    waiting: Annotated[int, Field(description="Jobs that wait")]
    running: Annotated[int, Field(description="Jobs that a worker has")]


class Queue(BaseModel):
    waiting: Annotated[int, Field(description="Jobs that wait, of all accounts")]
    running: Annotated[int, Field(description="Jobs that a worker has")]
    accounts_waiting: Annotated[int, Field(description="Accounts with a job that waits; they take turns")]
    oldest_waiting_at: Annotated[
        datetime | None, Field(description="When the oldest job that waits was submitted; null if none waits")
    ]
    shares: Annotated[list[QueueShare], Field(description="The ten accounts with most jobs in the queue")]

    @classmethod
    def of(cls, row: QueueRow) -> Self:
        return cls(
            waiting=row.waiting,
            running=row.running,
            accounts_waiting=row.accounts_waiting,
            oldest_waiting_at=row.oldest_waiting_at,
            shares=[
                QueueShare(account_id=_account(one.account_id), name=one.name, waiting=one.waiting, running=one.running)
                for one in row.shares
            ],
        )


class Setting(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: Annotated[str, Field(description="Of the environment variable", examples=["JOB_RETENTION_DAYS"])]
    value: Annotated[str | None, Field(description="Null of a secret, and without a value", examples=["30"])]
    is_secret: Annotated[bool, Field(description="Whether the value is never shown")]
    is_set: Annotated[bool, Field(description="Whether there is a value, a secret one too")]
    from_environment: Annotated[bool, Field(description="Whether the environment says it; else it is the default")]


class EffectiveSettings(BaseModel):
    data: Annotated[list[Setting], Field(description="All settings of this gateway, by name")]

    @classmethod
    def of(cls, found: list[EffectiveSetting]) -> Self:
        return cls(data=[Setting.model_validate(one) for one in found])


def _account(account_id: UUID) -> str:
    return ids.to_wire("acc", account_id)
