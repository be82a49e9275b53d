"""The common part of routes that accept pictures: the form, the idempotency key, and the job."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from api.dependencies import Jobs, Usage, Writer
from api.live.counts import Counted
from api.middleware.bodies import release
from api.rates import count_call
from api.requests.idempotency import Once, OncePerKey
from api.requests.preferences import Preferences, Preferred
from api.requests.uploads import File, read_form
from api.schemas.notes import Noted
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.caller import Caller
from backplane.services.requests.idempotency import Made
from backplane.services.requests.submission import Submission
from backplane.wiring.jobs import JobServices

Options = TypeVar("Options", bound=Noted)


@dataclass(frozen=True, slots=True)
class Upload:
    """One request that submits a job."""

    request: Request
    caller: Caller
    jobs: JobServices
    prefer: Preferences
    once: Once
    counted: ExitStack
    """It counts as open until its body is released."""

    async def read(
        self, options: type[Options], *, files: Mapping[str, int], required: str
    ) -> tuple[dict[str, File], Options]:
        """Read the form: its files by name, each within its limit in bytes, and its other fields."""
        return await read_form(self.request, options, files=files, required=required)

    async def submit(
        self, create: Callable[[Submission], Awaitable[JobFacts]], options: Noted, files: Mapping[str, File]
    ) -> JobFacts:
        """Create the job, or return the one that the idempotency key made, in its current state."""

        async def again(made: Made) -> JobFacts:
            return await self.jobs.views.get(self.caller, made.object_id)

        submission = Submission(self.caller, webhook_url=options.webhook_url, note=options.note())
        return await self.once.run(
            submission, create, again, options=options, digests=await self.once.digests_of(files)
        )

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for one of the few slots in which pictures are encrypted and stored: each is in memory twice then."""
        async with self.request.app.state.submission_slots:
            yield

    def release(self) -> None:
        """Return the bytes of the body to the budget of uploads, and its place among those of the account."""
        release(self.request)
        self.counted.close()


async def read_upload(
    *, request: Request, caller: Writer, jobs: Jobs, usage: Usage, prefer: Preferred, once: OncePerKey
) -> AsyncIterator[Upload]:
    await count_call(request, caller)
    uploads: Counted = request.app.state.uploads
    with ExitStack() as counted:
        counted.enter_context(uploads.held(caller.account_id, usage.tiers.of(caller.tier)))
        yield Upload(request, caller, jobs, prefer, once, counted)


UPLOAD_LIMITS = ("quota-exceeded", "tier-insufficient", "too-many-at-once")
"""Refusals that a route with an upload declares."""

Submit = Annotated[Upload, Depends(read_upload)]
