"""Webhooks without a network: the endpoints of an account, jobs that end, and a sender that sends nothing."""

from ipaddress import ip_address, ip_network

from backplane.addresses import Guard
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.usage.tiers import PACKAGED, read_tiers
from backplane.services.webhooks.deliveries import Answer, Deliveries
from backplane.services.webhooks.endpoints import Webhooks
from backplane.services.webhooks.logs import WebhookLogs
from backplane.services.webhooks.targets import WebhookTargets
from tests.support.receiver import Received

URL = "https://hooks.example/in?token=canary-path-4711"
ALL = ("job.completed", "job.failed", "job.cancelled", "batch.completed")
DELIVERED, FAILED = Answer("delivered", 204, duration_ms=3), Answer("status", 500, duration_ms=3)


async def resolve(_host):
    return [ip_address("127.0.0.1")]


GUARD = Guard([ip_network("127.0.0.0/8")], resolve=resolve)


class Hooks:
    """An account's webhooks, jobs that end, and a sender that sends nothing."""

    def __init__(self, resources, account, claims, submit, sql):
        self.caller = Caller(account.id, request_id="req_test")
        self.submission = Submission(self.caller)
        self.owner = Webhooks(resources.database, resources.vault, GUARD, read_tiers(PACKAGED))
        self.logs = WebhookLogs(resources.database)
        self.deliveries = Deliveries(resources.database, resources.vault, log_days=30)
        self.claims, self.submit, self.resources, self.sql = claims, submit, resources, sql

    async def make(self, *events, url=URL):
        return await self.owner.create(self.submission, url=url, events=events or ALL, description=None)

    async def name(self):
        """Make an endpoint and return its public id."""
        return f"whk_{(await self.make()).endpoint.id.hex}"

    async def end(self):
        """Submit a job and end it as failed."""
        job_id = await self.submit()
        claim = await self.claims.claim()
        assert claim.job.id == job_id
        await self.claims.fail(claim, code="image-corrupt", title="Damaged")
        return job_id

    async def end_with_url(self):
        """End a job that has a webhook URL of its own; return the sealed URL."""
        job_id = await self.submit()
        sealed = await WebhookTargets(self.resources.database, self.resources.vault, GUARD).seal(
            self.submission.with_options(URL), job_id
        )
        await self.sql("UPDATE jobs SET webhook_url = :url", url=sealed)
        await self.claims.fail(await self.claims.claim(), code="internal", title="x")
        return sealed

    async def take(self, *, busy_endpoints=(), busy_accounts=()):
        return await self.deliveries.claim(busy_endpoints=busy_endpoints, busy_accounts=busy_accounts)

    async def try_once(self, answer):
        """Claim a due delivery and finish it with this answer."""
        message = await self.take()
        await self.deliveries.finish(message.due, answer)
        return message

    async def make_due(self):
        await self.sql("UPDATE webhook_deliveries SET due_at = now() - interval '1 second'")

    async def wait(self):
        """Return the seconds until the next attempt."""
        (row,) = await self.sql("SELECT extract(epoch FROM due_at - now()) AS seconds FROM webhook_deliveries")
        return row["seconds"]


def as_received(message):
    return Received("/", message.headers, message.body)
