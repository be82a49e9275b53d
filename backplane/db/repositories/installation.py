"""Figures of the whole installation, for operators: accounts, users, use of the month, and the queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from backplane.db.session import ReadSession

TOP = 10
"""How many accounts are named one by one."""

NAME = "CASE WHEN accounts.personal THEN users.email ELSE accounts.name END AS name"
ACCOUNTS = text("""
SELECT tier, count(*) FILTER (WHERE suspended_at IS NULL AND closed_at IS NULL) AS active,
    count(*) FILTER (WHERE suspended_at IS NOT NULL AND closed_at IS NULL) AS suspended,
    count(*) FILTER (WHERE closed_at IS NOT NULL) AS closed
FROM accounts GROUP BY tier ORDER BY tier
""")
USERS = text("SELECT count(*) AS users, count(*) FILTER (WHERE operator) AS operators FROM users")
STORED = text("""
SELECT coalesce(sum(size), 0) AS bytes, count(*) AS objects FROM blobs
WHERE deleted_at IS NULL AND (delete_after IS NULL OR delete_after > now())
""")
MONTH = "date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
RUNS = f"""
SELECT charge.account_id, charge.kind, charge.calls, charge.quantity + coalesce(refund.quantity, 0) AS quantity
FROM usage_entries AS charge LEFT JOIN usage_entries AS refund
    ON refund.job_id = charge.job_id AND refund.run = charge.run AND refund.entry = 'refund'
WHERE charge.entry = 'charge' AND charge.created_at >= {MONTH}
"""  # noqa: S608 - a constant
"""What was charged in this calendar month, in UTC, and not refunded."""

FIRST_DAY = text(f"SELECT ({MONTH} AT TIME ZONE 'UTC')::date")
JOBS = text(f"""
SELECT kind, sum(quantity)::bigint AS jobs, sum(calls)::bigint AS calls FROM ({RUNS}) AS run GROUP BY kind ORDER BY kind
""")  # noqa: S608 - a constant
TOP_ACCOUNTS = text(f"""
SELECT used.account_id, {NAME}, accounts.tier, used.jobs,
    (SELECT coalesce(sum(size), 0) FROM blobs JOIN jobs ON jobs.id = blobs.job_id
     WHERE jobs.account_id = used.account_id AND blobs.deleted_at IS NULL
         AND (blobs.delete_after IS NULL OR blobs.delete_after > now())) AS stored
FROM (SELECT account_id, sum(quantity)::bigint AS jobs FROM ({RUNS}) AS run
      GROUP BY account_id HAVING sum(quantity) > 0 ORDER BY jobs DESC, account_id LIMIT :top) AS used
JOIN accounts ON accounts.id = used.account_id LEFT JOIN users ON users.id = accounts.id
ORDER BY used.jobs DESC, used.account_id
""")  # noqa: S608 - a constant
QUEUE = text("""
SELECT count(*) FILTER (WHERE status = 'pending') AS waiting, count(*) FILTER (WHERE status = 'processing') AS running,
    count(DISTINCT account_id) FILTER (WHERE status = 'pending') AS accounts_waiting,
    min(created_at) FILTER (WHERE status = 'pending') AS oldest_waiting_at
FROM jobs WHERE status IN ('pending', 'processing')
""")
QUEUE_SHARES = text(f"""
SELECT active.account_id, {NAME}, active.waiting, active.running
FROM (SELECT account_id, count(*) FILTER (WHERE status = 'pending') AS waiting,
          count(*) FILTER (WHERE status = 'processing') AS running
      FROM jobs WHERE status IN ('pending', 'processing')
      GROUP BY account_id ORDER BY count(*) DESC, account_id LIMIT :top) AS active
JOIN accounts ON accounts.id = active.account_id LEFT JOIN users ON users.id = accounts.id
ORDER BY active.waiting + active.running DESC, active.account_id
""")  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class TierRow:
    """How many accounts have a tier, by their state."""

    tier: str
    active: int
    suspended: int
    closed: int


@dataclass(frozen=True, slots=True)
class KindRow:
    """Jobs of a kind in this month, and the API calls that began with one."""

    kind: str
    jobs: int
    calls: int


@dataclass(frozen=True, slots=True)
class TopRow:
    """An account that has used much in this month."""

    account_id: UUID
    name: str | None
    """Of a personal account the address of its user."""
    tier: str
    jobs: int
    stored: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers of all users, and of what is in the store."""

    month: date
    users: int
    operators: int
    stored_bytes: int
    stored_objects: int


@dataclass(frozen=True, slots=True)
class ShareRow:
    """What an account has in the queue."""

    account_id: UUID
    name: str | None
    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class QueueRow:
    """The queue, and the accounts with most jobs in it."""

    waiting: int
    running: int
    accounts_waiting: int
    oldest_waiting_at: datetime | None
    shares: Sequence[ShareRow]


async def accounts_by_tier(session: ReadSession) -> list[TierRow]:
    return [TierRow(*row) for row in await session.execute(ACCOUNTS)]


async def totals(session: ReadSession) -> Totals:
    users = (await session.execute(USERS)).one()
    stored = (await session.execute(STORED)).one()
    month: date | None = await session.scalar(FIRST_DAY)
    assert month is not None
    return Totals(month, users.users, users.operators, int(stored.bytes), stored.objects)


async def jobs_of_month(session: ReadSession) -> list[KindRow]:
    return [KindRow(*row) for row in await session.execute(JOBS)]


async def top_accounts(session: ReadSession) -> list[TopRow]:
    rows = await session.execute(TOP_ACCOUNTS, {"top": TOP})
    return [TopRow(row.account_id, row.name, row.tier, row.jobs, int(row.stored)) for row in rows]


async def queue(session: ReadSession) -> QueueRow:
    counts = (await session.execute(QUEUE)).one()
    rows = await session.execute(QUEUE_SHARES, {"top": TOP})
    shares = [ShareRow(*row) for row in rows]
    return QueueRow(counts.waiting, counts.running, counts.accounts_waiting, counts.oldest_waiting_at, shares)
