from uuid import UUID

from celery import shared_task

from backplane.queue import TASK
from worker.lifecycle import engine


@shared_task(name=TASK)
def run_job(job_id: str) -> None:
    """Run one attempt at a job; a job that is taken or ended is none of our business."""
    engine().run(UUID(job_id))
