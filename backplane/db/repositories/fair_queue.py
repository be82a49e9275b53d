"""The fair queue: interactive jobs go first, and within a priority the accounts take turns.

Start-time fair queueing: a job's turn is one more than the last turn of its account, or than the turn of the queue's
head if the account has no job in the queue. So the jobs of an account that sent fifty pictures have turns far ahead,
and a new job of another account runs after the next job (docs/decisions/0019).
"""

from uuid import UUID

from sqlalchemy import text

from backplane.db.models import Job
from backplane.db.session import Session

# The position of the queue: the first waiting turn, else the last running turn, else 0.
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
    """Set the turn of the job. Two jobs that arrive at the same moment may get the same turn: the older goes first."""
    job.turn = await next_turn(session, job.account_id, job.priority)


async def next_turn(session: Session, account_id: UUID, priority: int) -> int:
    turn: int | None = await session.scalar(NEXT_TURN, {"account_id": account_id, "priority": priority})
    assert turn is not None
    return turn
