"""Submission of measurements: all checks before a job exists."""

import asyncio

from backplane.db.models import Job
from backplane.errors import ValidationFailed, from_core
from backplane.kinds import ANALYZE, AVALANCHE, Kind
from backplane.services.attempts.inputs import INPUT, INPUT_ENCRYPTED
from backplane.services.jobs.submissions import Picture, Submissions, describe, new_job
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.submission import Submission
from shield_core.encrypted import header as container_header
from shield_core.encrypted import png, tag
from shield_core.errors import HeaderInvalid, HeaderMissing, ShieldError, UnsupportedFormat
from shield_core.image import intake
from shield_core.image.facts import OTHER, ImageFacts
from shield_core.image.limits import MAX_AVALANCHE_PIXELS, MAX_PIXELS, check_size

RESULT_BYTES = 2_000_000
"""A measurement with its charts and reports."""


class Measurements:
    def __init__(self, submissions: Submissions) -> None:
        self._submissions = submissions

    async def compare(self, submission: Submission, original: Picture, encrypted: Picture) -> JobFacts:
        """Check the headers of both pictures, store both sealed, and write the job."""
        self._require_tier(submission, len(original.data))
        try:
            facts = await asyncio.to_thread(inspect_pair, original.data, encrypted.data)
        except ShieldError as error:
            raise from_core(error) from error
        job = _job(submission, ANALYZE, facts, size=len(original.data))
        # The picture in the field "encrypted" may be a plaintext one.
        sent = [
            await self._submissions.sealed(job, INPUT, original),
            await self._submissions.sealed(job, INPUT_ENCRYPTED, encrypted),
        ]
        return await self._submissions.submit(submission, job, sent, file_name=original.file_name)

    async def flip_bits(self, submission: Submission, upload: Picture) -> JobFacts:
        """Check the header of a picture, store it sealed, and write the job."""
        self._require_tier(submission, len(upload.data))
        try:
            facts = await asyncio.to_thread(inspect_small, upload.data)
        except ShieldError as error:
            raise from_core(error) from error
        job = _job(submission, AVALANCHE, facts, size=len(upload.data))
        sent = await self._submissions.sealed(job, INPUT, upload)
        return await self._submissions.submit(submission, job, [sent], file_name=upload.file_name)

    def _require_tier(self, submission: Submission, size: int) -> None:
        tier = self._submissions.quotas.tiers.of(submission.caller.tier)
        tier.require_full_analytics()
        tier.require_file_bytes(size)


def inspect_pair(original: bytes, encrypted: bytes) -> ImageFacts:
    """Read the structure of both pictures, and refuse an impossible comparison; the worker also checks the samples."""
    facts = _measurable(original)
    size = _size_of_encrypted(encrypted)
    if size is not None and size != (facts.width, facts.height):
        raise ValidationFailed(
            f"The original has {facts.width} x {facts.height} pixels and the encrypted picture {size[0]} x {size[1]}: "
            "send two pictures of the same size"
        )
    return facts


def inspect_small(data: bytes) -> ImageFacts:
    facts = _measurable(data)
    check_size(facts.width, facts.height, limit=MAX_AVALANCHE_PIXELS)
    return facts


def _measurable(data: bytes) -> ImageFacts:
    """Read the structure of a picture, and refuse one that no decoder reads."""
    facts = intake.survey(data).facts
    if facts.format == OTHER:
        raise UnsupportedFormat(f"the picture is {facts.reason}: only what is decoded can be measured; send it as PNG")
    check_size(facts.width, facts.height, limit=MAX_PIXELS)
    return facts


def _size_of_encrypted(data: bytes) -> tuple[int, int] | None:
    """Return width and height; None for an encrypted image that holds a file, whose size says nothing."""
    try:
        header = container_header.parse(png.find(data)[: -tag.SIZE])
    except (UnsupportedFormat, HeaderMissing, HeaderInvalid):
        facts = _measurable(data)
        return facts.width, facts.height
    return None if header.layout == "file" else (header.width, header.height)


def _job(submission: Submission, kind: Kind, facts: ImageFacts, *, size: int) -> Job:
    return new_job(
        submission,
        kind,
        base_ms=kind.estimate_ms(facts.width * facts.height),
        image=describe(facts, size),
        reserved_bytes=RESULT_BYTES,
        warnings=list(facts.warnings),
    )
