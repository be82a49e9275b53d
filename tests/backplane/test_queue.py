import pytest
from pydantic import ValidationError

from backplane.queue import make_celery
from backplane.settings import Settings

REQUIRED = {
    "database_url": "postgresql://u:p@127.0.0.1:1/n",
    "redis_url": "redis://127.0.0.1:1/0",
    "s3_endpoint_url": "http://127.0.0.1:1",
    "aws_access_key_id": "imageshield",
    "aws_secret_access_key": "secret",
    "vault_key_file": "vault.key",
    "vault_directory": "vault",
    "signing_key_file": "signing.pem",
}


def configured(**changes):
    return make_celery(Settings(**REQUIRED | changes)).conf


class TestDelivery:
    def test_message_is_acknowledged_after_its_job(self):
        """A worker that is lost does not acknowledge its message."""
        conf = configured()
        assert conf.task_acks_late
        assert conf.task_reject_on_worker_lost

    def test_worker_prefetches_nothing(self):
        conf = configured()
        assert conf.worker_prefetch_multiplier == 1
        assert conf.worker_disable_prefetch

    def test_only_json_is_read(self):
        assert configured().accept_content == ["json"]

    def test_children_are_replaced(self):
        conf = configured()
        assert conf.worker_max_tasks_per_child == 500
        assert conf.worker_max_memory_per_child * 1024 < Settings.model_fields["worker_memory_bytes"].default


class TestTime:
    @pytest.mark.parametrize("hard", [960, 6000])
    def test_no_running_job_is_delivered_again(self, hard):
        conf = configured(job_hard_time_limit_seconds=hard)
        assert conf.task_time_limit == hard
        assert conf.broker_transport_options["visibility_timeout"] >= hard + 600

    def test_hard_limit_below_soft_limit_is_refused(self):
        with pytest.raises(ValidationError, match="JOB_TIME_LIMIT_SECONDS must be below JOB_HARD_TIME_LIMIT_SECONDS"):
            configured(job_time_limit_seconds=960)
