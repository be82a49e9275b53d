"""Requests for exports of an account's data."""

from backplane.db.repositories import accounts, jobs
from backplane.db.session import Database
from backplane.errors.erasure import ExportUnderWay
from backplane.kinds import EXPORT
from backplane.metrics import JOBS_SUBMITTED
from backplane.services.exports.options import ExportOptions
from backplane.services.identity.rights import demand_open, require_rights
from backplane.services.jobs.submissions import Submissions, new_job
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.caller import user_of
from backplane.services.requests.notes import NO_NOTE
from backplane.services.requests.submission import Submission
from backplane.services.sealing.account_keys import account_key
from backplane.services.usage import ledger
from backplane.vault import LocalVault


class ExportRequests:
    def __init__(self, database: Database, vault: LocalVault, submissions: Submissions) -> None:
        self._database = database
        self._vault = vault
        self._submissions = submissions

    async def submit(self, submission: Submission) -> JobFacts:
        """Write a job that exports the account. It is made whatever the quota: nobody has to pay to leave.

        Raises:
            ExportUnderWay: one is being made already.
            Overloaded: too many jobs wait already.
        """
        caller = submission.caller
        await self._submissions.estimates.require_room(caller.account_id)
        options = ExportOptions(user_of(caller)).to_json()
        job = new_job(submission, EXPORT, base_ms=EXPORT.estimate_ms(0), options=options)
        await self._submissions.plan(job)
        async with self._database.transaction() as session:
            await require_rights(session, caller, "account:own")
            demand_open(await accounts.lock(session, caller.account_id))
            if await jobs.any_unfinished(session, caller.account_id, EXPORT.name):
                raise ExportUnderWay
            await submission.record(session, "job", job.id)
            key = await account_key(session, self._vault, caller.account_id)
            await self._submissions.write(session, submission, job, (), key=key, note=NO_NOTE)
            await ledger.charge(session, caller.account_id, [job], api_call=caller.program)
            await session.reload(job)
        JOBS_SUBMITTED.labels(kind=job.kind).inc()
        return JobFacts.of(job, NO_NOTE)
