"""An account of an operator with a job of every kind, so that no page of it is empty."""

from dataclasses import dataclass

from tests.console.people import make_operator
from tests.support import pictures
from tests.support.stack import SystemUnderTest, wait_until
from tests.support.users import User

UNKNOWN = "0" * 32
PREFIXES = {"job": "job_", "batch": "bat_", "webhook": "whk_", "account": "acc_", "user": "usr_", "provider": ""}


@dataclass(frozen=True)
class Records:
    """The ids that the account has, by the name of the parameter in an address."""

    user: User
    ids: dict[str, list[str]]
    encrypted: bytes
    analyzed: list[str]
    """Two jobs that can be compared."""


def make_records(system: SystemUnderTest, hook: str) -> Records:
    """Make a completed, a failed, a cancelled job, a batch, and an endpoint that was told of them."""
    user = User(system.url)
    number = make_operator(system, user)
    events = ["job.completed", "job.failed", "job.cancelled"]
    answer = user.http.post("/webhooks", json={"url": hook, "events": events, "description": "The archive"})
    webhook = answer.raise_for_status().json()["id"]
    cancelled = _cancel(user)
    photo = pictures.sample("astronaut.png")
    completed = user.encrypt(photo, name="astronaut.png", analyze="true", quantum_purity="fast")
    other = user.encrypt(pictures.sample("coffee.png"), name="coffee.png", analyze="true", quantum_purity="fast")
    whole = pictures.as_jpeg(pictures.make(300, 200))
    failed = user.encrypt(whole[: len(whole) // 2], name="half.jpg")
    ends = [job["status"] for job in (completed, failed, cancelled)]
    assert ends == ["completed", "failed", "cancelled"], ends
    jobs = [job["job_id"] for job in (completed, failed, cancelled)]
    ids = {"job": jobs, "batch": [_batch(user)], "webhook": [webhook], "provider": ["acme"]}
    ids |= {"account": [f"acc_{number}"], "user": [f"usr_{number}"]}
    return Records(user, ids, user.download(completed["result_url"]), [jobs[0], other["job_id"]])


def decrypt(records: Records) -> str:
    """Decrypt by the service. A minute after somebody has fetched it, the picture is gone."""
    files = {"encrypted_image": ("noise.png", records.encrypted)}
    answer = records.user.http.post("/decrypt", files=files, headers={"Prefer": "respond-async"})
    job_id = answer.raise_for_status().json()["job_id"]
    wait_until(lambda: records.user.job(job_id)["status"] == "completed", "the picture is decrypted")
    return job_id


def _cancel(user: User) -> dict:
    """Cancel a job whose keys take seconds, so that it has not ended before."""
    job_id = user.submit(pictures.as_png(pictures.make(1600, 1200)), quantum_purity="maximum")["job_id"]
    user.http.post(f"/jobs/{job_id}/cancel").raise_for_status()
    user.follow(job_id)
    return user.job(job_id)


def _batch(user: User) -> str:
    good, bad = pictures.as_png(pictures.make(160, 120)), b"no picture"
    files = [("images", (name, data)) for name, data in [("a.png", good), ("b.png", good), ("c.png", bad)]]
    answer = user.http.post("/batch/encrypt", files=files, data={"quantum_purity": "fast"})
    batch = answer.raise_for_status().json()["batch_id"]
    user.follow(batch)
    return batch
