"""Whose turn it is: what somebody waits for goes first, and within a priority the accounts go in turns.

Start-time fair queueing: a job's turn is one more than its account's last, or than that of the queue's head where the
account has nothing in the queue. So who has sent fifty pictures has turns far ahead, and who comes now with one goes
after the next (docs/decisions/0019).
"""

from uuid import UUID

from sqlalchemy import text

from backplane.db.models import Job
from backplane.db.session import Session

# How far the queue has come is the head of what waits, else the last that runs, else the beginning.
NEXT_TURN = text("""
SELECT 1 + greatest(
    coalesce(
        (SELECT turn FROM jobs WHERE priority = :priority AND status = 'pending' ORDER BY turn LIMIT 1),
        (SELECT turn FROM jobs WHERE priority = :priority AND status = 'processing' ORDER BY turn DESC LIMIT 1),
        0
    ),
    (SELECT max(turn) FROM jobs
     WHERE account_id = :account_id AND priority = :priority AND status IN ('pending', 'processing'))
)
""")


async def enter(session: Session, job: Job) -> None:
    """Give the job its turn. Two that come at the same moment may get the same turn: the older goes first."""
    job.turn = await next_turn(session, job.account_id, job.priority)


async def next_turn(session: Session, account_id: UUID, priority: int) -> int:
    turn: int | None = await session.scalar(NEXT_TURN, {"account_id": account_id, "priority": priority})
    assert turn is not None
    return turn
