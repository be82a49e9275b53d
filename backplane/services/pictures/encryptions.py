"""Submission of encryptions: all checks before a job exists."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.db.models import Job
from backplane.errors import Refused, from_core
from backplane.kinds import ANALYZE, ENCRYPT, FIXED_MS
from backplane.services.attempts.inputs import INPUT
from backplane.services.jobs.submissions import Picture, Submissions, describe, new_job
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.submission import Submission
from backplane.services.sealing.custody import RECIPIENT, agree_on_custody, read_recipients
from backplane.services.sealing.passphrases import PassphrasePool
from shield_core.cipher.purity import Purity
from shield_core.errors import ShieldError
from shield_core.image import intake
from shield_core.image.facts import SAMPLE_KINDS, Buffer, ImageFacts
from shield_core.image.framing import FRAME_MODE
from shield_core.image.payload import Layout, choose, warn_of
from shield_core.image.regions import Region, count_pixels, normalize, parse_json
from shield_core.keys.canonical import b64encode

MS_PER_MEASURED_MEGABYTE = 350
NOT_POSSIBLE = "analysis-not-possible"
"""Warning: the picture is encrypted but cannot be analyzed, because no decoder reads it."""

FRAME_WIDTH = SAMPLE_KINDS[FRAME_MODE].bytes_per_pixel
PLACE_BYTES = 5
"""Keystream of the permutation per pixel: a byte for its bucket, four bytes for its swap."""


FIXED_RESULT_BYTES = 65_536
"""Header, metadata and chunks of a small encrypted image."""

ANALYSIS_BYTES = 2_000_000
"""An analysis with its charts and both reports; measured 0.6 to 0.9 MB."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A picture's structure before it is decoded, and the regions to encrypt."""

    facts: ImageFacts
    size: int
    layout: str
    regions: tuple[Region, ...]
    warnings: tuple[str, ...]

    @property
    def pixels(self) -> int:
        """The number of pixels; for a file without a readable size, those of the noise picture that holds it."""
        return self.facts.pixels or self.size // FRAME_WIDTH

    @property
    def measurable(self) -> bool:
        """Whether the picture can be analyzed: only a decoded picture can."""
        return self.facts.is_decoded

    @property
    def share_encrypted(self) -> float:
        return count_pixels(self.regions) / self.pixels if self.regions else 1.0

    @property
    def raw_bytes(self) -> int:
        """Bytes of all pixels, without compression, which noise does not take."""
        width = SAMPLE_KINDS[self.facts.mode].bytes_per_pixel if self.facts.mode in SAMPLE_KINDS else FRAME_WIDTH
        return self.pixels * width

    @property
    def keystream_bytes(self) -> int:
        """Bytes of all keystreams: those of the picture, and about five for the place of each pixel."""
        if self.layout == Layout.FILE:
            return self.size // FRAME_WIDTH * (FRAME_WIDTH + PLACE_BYTES)
        width = SAMPLE_KINDS[self.facts.mode].bytes_per_pixel if self.facts.mode in SAMPLE_KINDS else FRAME_WIDTH
        return int(self.pixels * self.share_encrypted) * (width + PLACE_BYTES)


@dataclass(frozen=True, slots=True)
class EncryptRequest:
    """The options of an encryption, for one picture or a whole batch; contradictions are refused."""

    purity: str = "balanced"
    layout: str = Layout.AUTO
    regions: str | None = None
    analyze: bool = False
    custody: str | None = None
    password: str | None = field(default=None, repr=False)
    recipients: Sequence[str] = ()

    def resolve(self) -> "ResolvedRequest":
        custody = agree_on_custody(self.custody, password=self.password is not None, recipients=bool(self.recipients))
        publics = read_recipients(self.recipients, beside=custody != RECIPIENT)
        return ResolvedRequest(self, custody, [public.text for public in publics] or None)


@dataclass(frozen=True, slots=True)
class ResolvedRequest:
    """Consistent options of an encryption, with the resulting custody of the keys."""

    request: EncryptRequest
    custody: str
    recipients: list[str] | None


class Encryptions:
    def __init__(self, submissions: Submissions, passphrases: PassphrasePool) -> None:
        self._submissions = submissions
        self._passphrases = passphrases

    async def submit(self, submission: Submission, upload: Picture, request: EncryptRequest) -> JobFacts:
        """Check the picture's header, store it sealed, and write the job with the intent to run it."""
        tier = self._submissions.quotas.tiers.of(submission.caller.tier)
        tier.require_purity(request.purity)
        tier.require_file_bytes(len(upload.data))
        resolved = request.resolve()
        try:
            inspection = await asyncio.to_thread(inspect_picture, upload.data, request.layout, request.regions)
        except ShieldError as error:
            raise from_core(error) from error
        job = await self.draw_up(submission, ids.new(), inspection, resolved)
        sent = await self._submissions.sealed(job, INPUT, upload)
        return await self._submissions.submit(submission, job, [sent], file_name=upload.file_name)

    async def draw_up(
        self,
        submission: Submission,
        job_id: UUID,
        inspection: Inspection,
        resolved: ResolvedRequest,
        *,
        patient: bool = False,
    ) -> Job:
        """Make the job of an inspected picture, with its own wrap key if there is a password."""
        request = resolved.request
        secret = await self._wrap_secret(request.password, patient=patient)
        job = new_job(
            submission,
            ENCRYPT,
            job_id=job_id,
            purity_requested=request.purity,
            layout_requested=request.layout,
            regions=[region.to_json() for region in inspection.regions] or None,
            share_encrypted=inspection.share_encrypted,
            analyze=request.analyze,
            key_custody=resolved.custody,
            recipients=resolved.recipients,
            layout=inspection.layout,
            base_ms=_estimate_ms(inspection, request),
            reserved_bytes=_reserve_bytes(inspection, request),
            image=describe(inspection.facts, inspection.size),
            warnings=list(inspection.warnings)
            + ([NOT_POSSIBLE] if request.analyze and not inspection.measurable else []),
        )
        job.secret = self._submissions.seal_secret(submission.account_id, job.id, secret) if secret else None
        return job

    async def _wrap_secret(self, password: str | None, *, patient: bool) -> dict[str, Any] | None:
        if password is None:
            return None
        wrap = await self._passphrases.wrap(password, patient=patient)
        return {"kdf": wrap.kdf.to_json(), "wrap_key_b64": b64encode(wrap.wrap_key)}


def _estimate_ms(inspection: Inspection, request: EncryptRequest) -> int:
    pace = ENCRYPT.ms_per_megapixel[inspection.layout] + (ANALYZE.ms_per_megapixel[None] if request.analyze else 0)
    measured_bytes = inspection.keystream_bytes if request.purity == Purity.MAXIMUM else 0
    return FIXED_MS + (pace * inspection.pixels + MS_PER_MEASURED_MEGABYTE * measured_bytes) // 1_000_000


def _reserve_bytes(inspection: Inspection, request: EncryptRequest) -> int:
    """Return what the results may take at the most: the noise picture, its material and its analysis."""
    noise = inspection.size if inspection.layout == Layout.FILE else inspection.raw_bytes + inspection.size
    material = 2 * inspection.keystream_bytes if request.purity == Purity.MAXIMUM else 0
    return noise + noise // 100 + material + FIXED_RESULT_BYTES + (ANALYSIS_BYTES if request.analyze else 0)


def inspect_picture(data: Buffer, layout: str, regions: str | None = None) -> Inspection:
    """Read the structure of a picture, choose its layout, and refuse what the worker would refuse."""
    return _decide(intake.survey(data), len(data), layout, parse_json(regions) if regions is not None else ())


def inspect_for_any_layout(data: Buffer) -> dict[str, Inspection | Refused]:
    """Inspect a picture for each layout: the field with the layout may come after the picture."""
    walk = intake.survey(data)
    decided: dict[str, Inspection | Refused] = {}
    for layout in Layout:
        try:
            decided[layout] = _decide(walk, len(data), layout)
        except ShieldError as error:
            decided[layout] = from_core(error)
    return decided


def _decide(walk: intake.AnyWalk, size: int, layout: str, asked: Sequence[Region] = ()) -> Inspection:
    facts = walk.facts
    chosen, _ = choose(walk, Layout(layout), asked)
    parts = normalize(asked, width=facts.width, height=facts.height) if asked else ()
    return Inspection(facts, size, chosen, parts, facts.warnings + warn_of(walk, parts))
