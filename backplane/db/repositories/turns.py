"""Whose turn it is: what somebody waits for goes first, and within a priority the accounts go in turns.

Start-time fair queueing: a job's turn is one more than its account's last, or than that of the queue's head where the
account has nothing in the queue. So who has sent fifty pictures has turns far ahead, and who comes now with one goes
after the next (docs/decisions/0019).
"""

from uuid import UUID

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backplane.db.models import Job

INTERACTIVE, SINGLE, BATCH = range(3)
PRIORITIES = {"decrypt": INTERACTIVE, "analyze": INTERACTIVE, "avalanche": INTERACTIVE, "encrypt": SINGLE}
"""Of a job whose maker does not say otherwise."""


async def queue_up(session: AsyncSession, job: Job) -> None:
    """Give the job its place. Of two that come at the same moment both may get the same turn: the older goes first."""
    given: int | None = job.priority
    job.priority = PRIORITIES[job.kind] if given is None else given
    job.turn = await next_turn(session, job.account_id, job.priority)


async def next_turn(session: AsyncSession, account_id: UUID, priority: int) -> int:
    last_of_account = func.coalesce(_last_turn_of_account(account_id, priority), 0)
    turn: int | None = await session.scalar(select(func.greatest(_virtual_time(priority), last_of_account) + 1))
    assert turn is not None
    return turn


def _virtual_time(priority: int) -> ScalarSelect[int]:
    """How far the queue has come: the head of what waits, else the last that runs, else the beginning."""
    in_queue = select(Job.turn).where(Job.priority == priority)
    head = in_queue.where(Job.status == "pending").order_by(Job.turn).limit(1).scalar_subquery()
    last_running = in_queue.where(Job.status == "processing").order_by(Job.turn.desc()).limit(1).scalar_subquery()
    return select(func.coalesce(head, last_running, 0)).scalar_subquery()


def _last_turn_of_account(account_id: UUID, priority: int) -> ScalarSelect[int]:
    unfinished = Job.status.in_(("pending", "processing"))
    return (
        select(func.max(Job.turn))
        .where(Job.account_id == account_id, Job.priority == priority, unfinished)
        .scalar_subquery()
    )
