"""The queue: Celery over Redis, with only job ids in its messages."""

import asyncio
from typing import Self
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError

from backplane.errors import Unavailable
from backplane.settings import Settings

TASK = "imageshield.run_job"
NAME = "imageshield"
VISIBILITY_SECONDS = 3600
VISIBILITY_MARGIN_SECONDS = 600
"""Added to the hard time limit: with a shorter visibility timeout Redis delivers running jobs again (measured: a 25-s
task was started four times)."""

CHILD_MEMORY_KIB = 1_500_000
"""The peak memory after which a child is replaced: twice what the largest job needs, and two children fit into a
pod."""


def make_celery(settings: Settings) -> Celery:
    """Configure Celery, the same for the sender and the workers."""
    celery = Celery("imageshield", broker=settings.redis_url.get_secret_value(), set_as_current=False)
    celery.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_default_queue=NAME,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=settings.job_hard_time_limit_seconds,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_hijack_root_logger=False,
        worker_max_tasks_per_child=500,
        worker_max_memory_per_child=CHILD_MEMORY_KIB,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": max(
                VISIBILITY_SECONDS, settings.job_hard_time_limit_seconds + VISIBILITY_MARGIN_SECONDS
            ),
            "socket_connect_timeout": 2,
            "socket_timeout": 30,
            "retry_on_timeout": True,
            "health_check_interval": 10,
        },
    )
    return celery


class CeleryQueue:
    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(make_celery(settings))

    async def publish(self, job_ids: list[UUID]) -> None:
        """Send a message for each job. Raises Unavailable if the broker does not answer, maybe after some messages."""

        def send() -> None:
            with self._celery.producer_or_acquire() as producer:
                for job_id in job_ids:
                    self._celery.send_task(TASK, [str(job_id)], producer=producer, retry=False)

        try:
            await asyncio.to_thread(send)
        except (OperationalError, OSError) as error:
            raise Unavailable("The queue does not answer") from error

    def close(self) -> None:
        self._celery.close()
