"""The usage ledger: charges of jobs and their refunds; and the bytes that an account has in the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from backplane.db.session import ReadSession, Session
from backplane.kinds import KINDS

COUNTED = tuple(kind.name for kind in KINDS.values() if kind.counts_as_encryption)

# Months from the account's first day, by the clock and in the zone of UTC. Adding months to a date clamps its day: a
# month that begins on the 31st begins on the 28th of February. Each is added to the first day, so that March has the
# 31st again.
PERIOD = """
SELECT account_id, (began + make_interval(months => months))::date AS starts,
    (began + make_interval(months => months + 1))::date AS ends
FROM (
    SELECT account_id, began,
        months - CASE WHEN (began + make_interval(months => months))::date > day THEN 1 ELSE 0 END AS months
    FROM (
        SELECT account_id, began, day, (extract(year FROM day) - extract(year FROM began))::int * 12
            + (extract(month FROM day) - extract(month FROM began))::int AS months
        FROM (
            SELECT id AS account_id, (created_at AT TIME ZONE 'UTC')::date AS began,
                coalesce(CAST(:day AS date), (now() AT TIME ZONE 'UTC')::date) AS day
            FROM accounts WHERE id = :account_id
        ) AS account
    ) AS counted
) AS clamped
"""
PERIOD_OF = text(PERIOD)
CHARGE = text(f"""
INSERT INTO usage_entries (job_id, run, entry, account_id, kind, quantity, calls, period)
SELECT job.id, job.run, 'charge', period.account_id, job.kind, 1, job.calls, period.starts
FROM ({PERIOD}) AS period,
    unnest(CAST(:ids AS uuid[]), CAST(:runs AS bigint[]), CAST(:kinds AS text[]), CAST(:calls AS bigint[]))
        AS job (id, run, kind, calls)
ON CONFLICT DO NOTHING
""")  # noqa: S608 - a constant
REFUND = text("""
INSERT INTO usage_entries (job_id, run, entry, account_id, kind, quantity, calls, period)
SELECT job_id, run, 'refund', account_id, kind, -1, 0, period FROM usage_entries
WHERE job_id = :job_id AND entry = 'charge' ORDER BY run DESC LIMIT 1
ON CONFLICT DO NOTHING
""")
STANDING = text(f"""
SELECT period.starts, period.ends,
    (SELECT coalesce(sum(quantity), 0) FROM usage_entries
     WHERE account_id = period.account_id AND usage_entries.period = period.starts AND kind = ANY(:counted))
        AS encryptions,
    (SELECT coalesce(sum(size), 0) FROM blobs JOIN jobs ON jobs.id = blobs.job_id
     WHERE jobs.account_id = period.account_id AND blobs.deleted_at IS NULL
         AND (blobs.delete_after IS NULL OR blobs.delete_after > now())) AS stored,
    (SELECT coalesce(sum(reserved_bytes), 0) FROM jobs
     WHERE account_id = period.account_id AND status IN ('pending', 'processing')) AS reserved
FROM ({PERIOD}) AS period
""")  # noqa: S608 - a constant
DAYS = text("""
SELECT (created_at AT TIME ZONE 'UTC')::date AS day, kind, sum(quantity)::bigint AS jobs, sum(calls)::bigint AS calls
FROM (
    SELECT charge.created_at, charge.kind, charge.calls, charge.quantity + coalesce(refund.quantity, 0) AS quantity
    FROM usage_entries AS charge LEFT JOIN usage_entries AS refund
        ON refund.job_id = charge.job_id AND refund.run = charge.run AND refund.entry = 'refund'
    WHERE charge.account_id = :account_id AND charge.period = :period AND charge.entry = 'charge'
) AS run GROUP BY day, kind ORDER BY day, kind
""")
OLD = text("DELETE FROM usage_entries WHERE created_at < now() - make_interval(days => CAST(:days AS integer))")


@dataclass(frozen=True, slots=True)
class Charge:
    """A run of a job to be charged; `calls` is 1 for the first job of an API call."""

    job_id: UUID
    run: int
    kind: str
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account has used: encryptions of the period, bytes in the store, and those that jobs reserve."""

    starts: date
    ends: date
    encryptions: int
    stored: int
    reserved: int


@dataclass(frozen=True, slots=True)
class DayRow:
    """The jobs of one kind on one day, in UTC, and the API calls that began with one of them."""

    day: date
    kind: str
    jobs: int
    calls: int


async def lock_account(session: Session, account_id: UUID) -> None:
    """Serialize the charges of an account that has a limit, so that it is exact."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"use{account_id}"})


async def standing(session: ReadSession, account_id: UUID, day: date | None = None) -> Standing | None:
    """Read what the account has used in the period of the day, by default of today; None without an account."""
    values = {"account_id": account_id, "day": day, "counted": list(COUNTED)}
    row = (await session.execute(STANDING, values)).one_or_none()
    if row is None:
        return None
    return Standing(row.starts, row.ends, *(int(value) for value in (row.encryptions, row.stored, row.reserved)))


async def charge(session: Session, account_id: UUID, charges: Sequence[Charge]) -> None:
    """Write the charges into the period of today; one that exists already is not written again."""
    columns = {
        "ids": [one.job_id for one in charges],
        "runs": [one.run for one in charges],
        "kinds": [one.kind for one in charges],
        "calls": [one.calls for one in charges],
    }
    await session.execute(CHARGE, {"account_id": account_id, "day": None} | columns)


async def refund(session: Session, job_id: UUID) -> None:
    """Refund the last charge of the job, into its period and at most once."""
    await session.execute(REFUND, {"job_id": job_id})


async def days(session: ReadSession, account_id: UUID, period: date) -> list[DayRow]:
    """Count the charged jobs that were not refunded, and the API calls, by day of the charge and kind of job."""
    rows = await session.execute(DAYS, {"account_id": account_id, "period": period})
    return [DayRow(row.day, row.kind, row.jobs, row.calls) for row in rows]


async def delete_old(session: Session, *, days: int) -> int:
    """Delete the entries that are older than `days`; return their number."""
    found = await session.execute(OLD, {"days": days})
    return int(getattr(found, "rowcount", 0))
