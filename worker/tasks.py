from uuid import UUID

from celery import shared_task
from celery.exceptions import Reject

from backplane.errors import ApplicationError
from backplane.queue import TASK
from worker.engine import engine


@shared_task(name=TASK)
def run_job(job_id: str) -> None:
    """Do a job for a message; a message that cannot be served here or now goes back into the queue."""
    if engine().leaving:
        raise Reject("leaving", requeue=True)
    try:
        engine().run(UUID(job_id))
    except ApplicationError as error:
        raise Reject(error.code, requeue=True) from error
