"""Jobs that their owner cancels, retries and deletes on the running system."""

import time
from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.config import Config

from backplane import ids
from tests.support import pictures
from tests.support.stack import SystemUnderTest, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

STOP_SECONDS = 10.0
"""From the answer to the end: a worker sees the request at its next report, or at its heartbeat every five seconds."""


class Bucket:
    """The objects in the store, read without the product."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._name = variables.get("S3_BUCKET", "imageshield")
        self._client = boto3.client(
            "s3",
            endpoint_url=variables["S3_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
        )

    def of(self, job_id: str) -> list[str]:
        """List the keys of a job's objects: its uploads and its results."""
        hexadecimal = ids.from_wire("job", job_id).hex
        pages = (
            self._client.list_objects_v2(Bucket=self._name, Prefix=f"{place}/{hexadecimal}/")
            for place in ("uploads", "results")
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def take(self, key: str) -> Callable[[], None]:
        """Delete an object and return a function that restores it."""
        data = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        self._client.delete_object(Bucket=self._name, Key=key)
        return lambda: self._client.put_object(Bucket=self._name, Key=key, Body=data) and None

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def bucket(system: SystemUnderTest) -> Iterator[Bucket]:
    opened = Bucket(system.variables)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def large() -> bytes:
    return pictures.as_png(pictures.enlarge("astronaut.png", megapixels=25, seed=5), compress_level=1)


class TestCancel:
    # With `maximum` purity the keys of so large a picture take minutes, so it is stopped while they are made.
    @pytest.mark.parametrize(
        ("purity", "stage"), [("maximum", "generating_quantum_keys"), ("balanced", "encrypting"), ("fast", "storing")]
    )
    def test_running_job_stops_and_leaves_nothing(
        self, user: User, bucket: Bucket, large: bytes, *, purity: str, stage: str
    ):
        job_id = user.submit(large, quantum_purity=purity)["job_id"]
        asked: list[float] = []

        def cancel(event: dict) -> None:
            if event["payload"].get("stage") == stage and not asked:
                response = user.http.post(f"/jobs/{job_id}/cancel")
                assert (response.status_code, response.json()["status"]) == (202, "processing"), response.text
                asked.append(time.monotonic())

        events = user.follow(job_id, seen=cancel)
        assert time.monotonic() - asked[0] < STOP_SECONDS
        assert events[-1]["type"] == "cancelled"
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        job = user.job(job_id)
        assert (job["status"], job["attempts"], job["result_url"], job["key_id"]) == ("cancelled", 1, None, None)
        wait_until(lambda: bucket.of(job_id) == [], "its objects are gone")

    def test_the_worker_takes_the_next_job(self, user: User, large: bytes):
        job_id = user.submit(large, quantum_purity="maximum")["job_id"]
        wait_until(lambda: user.job(job_id)["status"] == "processing", "it has begun")
        user.http.post(f"/jobs/{job_id}/cancel").raise_for_status()
        user.follow(job_id)
        assert user.encrypt(pictures.sample("rocket.jpg"))["status"] == "completed"


class TestRetry:
    def test_failed_job_completes_after_the_repair(
        self, user: User, system: SystemUnderTest, bucket: Bucket, large: bytes
    ):
        """The store has lost an upload, which its operator then restores."""
        busy = [user.submit(large)["job_id"] for _ in system.children("worker")]
        job_id = user.submit(pictures.sample("coffee.png"), master_password="a passphrase of mine")["job_id"]
        [key] = bucket.of(job_id)
        restore = bucket.take(key)
        events = user.follow(job_id)
        assert events[-1]["payload"]["error"]["code"] == "gone"
        restore()
        response = user.http.post(f"/jobs/{job_id}/retry")
        assert (response.status_code, response.json()["retries"]) == (202, 1)
        later = user.follow(job_id, last_seq=events[-1]["seq"])
        assert (later[0]["payload"], later[-1]["type"]) == ({"progress": 0, "stage": "queued"}, "completed")
        assert [event["seq"] for event in events + later] == list(range(1, later[-1]["seq"] + 1))
        job = user.job(job_id)
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        assert user.decrypt(encrypted, key_file, master_password="a passphrase of mine").status_code == 200
        for other in busy:
            user.follow(other)


class TestDelete:
    def test_objects_go_and_the_picture_still_opens(self, user: User, bucket: Bucket):
        job = user.encrypt(pictures.sample("rocket.jpg"), analyze="true")
        encrypted = user.download(job["result_url"])
        wait_until(lambda: len(bucket.of(job["job_id"])) == 4, "of the five the original is deleted")
        assert user.http.delete(f"/jobs/{job['job_id']}").status_code == 204
        assert user.http.get(f"/jobs/{job['job_id']}").status_code == 404
        wait_until(lambda: bucket.of(job["job_id"]) == [], "its objects are gone")
        assert user.decrypt(encrypted).status_code == 200


class TestPriority:
    def test_decrypt_overtakes_waiting_pictures(self, user: User, system: SystemUnderTest, large: bytes):
        small = user.encrypt(pictures.sample("rocket.jpg"))
        encrypted = user.download(small["result_url"])
        waiting = [user.submit(large)["job_id"] for _ in range(len(system.children("worker")) + 6)]
        assert user.decrypt(encrypted).status_code == 200
        assert {user.job(job_id)["status"] for job_id in waiting} >= {"pending"}
        for job_id in waiting:
            user.http.post(f"/jobs/{job_id}/cancel")
        for job_id in waiting:
            user.follow(job_id)
