"""Follower of the ends of jobs: who asked for an export gets a mail when it is ready."""

from datetime import UTC, datetime, timedelta

from backplane import ids
from backplane.db.models import Job
from backplane.db.repositories import users
from backplane.db.repositories.ends import End
from backplane.db.session import Session
from backplane.db.work import AnyJob
from backplane.kinds import EXPORT
from backplane.services.exports.options import ExportOptions
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.services.mail.values import moment


class ExportNotices:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def job_ended(self, session: Session, job: AnyJob, end: End) -> None:
        if job.kind != EXPORT.name or end.status != "completed":
            return
        user = await users.by_id(session, ExportOptions.of(job.options).user_id)
        if user is None:
            return
        until = datetime.now(UTC) + timedelta(days=EXPORT.result_days or 0)
        link = self._mails.page(f"/jobs/{ids.to_wire('job', job.id)}")
        recipient = Recipient(user.email, user.id)
        await self._mails.send(session, recipient, "data-export-ready", until=moment(until), link=link)

    async def job_requeued(self, session: Session, job: Job) -> None:
        """Do nothing: it has not ended after all."""
