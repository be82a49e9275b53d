"""Taking a picture in to be encrypted: everything that is checked before a job exists."""

import asyncio
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.db.models import Job
from backplane.errors import CustodyConflict, from_core
from backplane.services.inputs import INPUT
from backplane.services.jobs import JobFacts
from backplane.services.passphrases import PassphrasePool
from backplane.services.submissions import Submissions, Upload, estimate_ms
from shield_core.errors import ShieldError
from shield_core.image import intake
from shield_core.image.facts import ImageFacts
from shield_core.image.payload import Layout, choose
from shield_core.keys.canonical import b64encode


class Encryptions:
    def __init__(self, submissions: Submissions, passphrases: PassphrasePool) -> None:
        self._submissions = submissions
        self._passphrases = passphrases

    async def submit(
        self,
        account_id: UUID,
        upload: Upload,
        *,
        purity: str,
        layout: str,
        custody: str | None,
        password: str | None,
        request_id: str | None,
    ) -> JobFacts:
        """Check the picture's header, keep it sealed, and write the job with the intent to run it."""
        served_custody = _agree_on_custody(custody, password)
        try:
            facts, chosen = await asyncio.to_thread(examine, upload.data, layout)
        except ShieldError as error:
            raise from_core(error) from error
        secret = await self._wrap_secret(password)
        job = Job(
            id=ids.new(),
            account_id=account_id,
            kind="encrypt",
            purity_requested=purity,
            layout_requested=layout,
            key_custody=served_custody,
            estimated_ms=estimate_ms(chosen, facts.width * facts.height),
            image={
                "format": facts.format,
                "mode": facts.mode,
                "width": facts.width,
                "height": facts.height,
                "bytes": len(upload.data),
            },
            warnings=list(facts.warnings),
            request_id=request_id,
        )
        job.secret = self._submissions.seal_secret(account_id, job.id, secret) if secret else None
        sent = await self._submissions.sealed(job, INPUT, upload)
        return await self._submissions.submit(job, [sent], action="image.encrypt")

    async def _wrap_secret(self, password: str | None) -> dict[str, Any] | None:
        if password is None:
            return None
        wrap = await self._passphrases.wrap(password)
        return {"kdf": wrap.kdf.to_json(), "wrap_key_b64": b64encode(wrap.wrap_key)}


def examine(data: bytes, layout: str) -> tuple[ImageFacts, str]:
    """Read the structure of a picture, choose its layout, and refuse what the worker would have to refuse for it."""
    walk = intake.survey(data)
    chosen, _ = choose(walk, Layout(layout))
    return walk.facts, chosen


def _agree_on_custody(custody: str | None, password: str | None) -> str:
    implied = "managed" if password is None else "passphrase"
    if custody is not None and custody != implied:
        raise CustodyConflict(
            "passphrase custody needs master_password"
            if custody == "passphrase"
            else "managed custody takes no master_password"
        )
    return implied
