"""Encryption and decryption of an image as two pure functions on bytes, with a given entropy source and progress sink.

Every attempt draws a new file key and nonce; no public function takes either. `decrypt_image` returns no plaintext
before it has checked the tag, the digest of the payload and the rebuilt file.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from shield_core.cipher.purity import Purity
from shield_core.cipher.threads import useful_threads
from shield_core.encrypted import material as materials
from shield_core.encrypted import pair, tag
from shield_core.encrypted._attempt import Attempt
from shield_core.encrypted.evidence import fits, read_metadata
from shield_core.encrypted.header import NONCE_SIZE, pack
from shield_core.encrypted.lanes import Recording
from shield_core.errors import CommitmentMismatch, ImageCorrupt, PayloadInvalid, refusing
from shield_core.image import intake, payload, restore
from shield_core.image.facts import ImageFacts
from shield_core.image.payload import Layout
from shield_core.image.regions import Region, put_pixels, take_pixels
from shield_core.keys import keyfile, schedule
from shield_core.keys.keyfile import KeyFile
from shield_core.keys.stanzas import Opener, Wrap
from shield_core.progress import ProgressSink, Stage, StageClock, ignore
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import EntropySource

NOT_IDENTICAL = "not-byte-identical"
"""Warning: the pixels and the kept data are those of the original, but the bytes of the file differ."""

REBUILDING = 8
"""The weight of a compressed byte in the progress, relative to other bytes: writing a PNG takes so much longer."""


@dataclass(frozen=True, slots=True)
class EncryptedImage:
    """The result of one encryption attempt.

    `png` is the file; a vault keeps `header_bytes` and `tag` to check it later; `quantum_purity` has the keys
    `requested`, `served` and `reason`; `material` is the whole `.qmat` file, which is required to decrypt an image of
    `maximum`, and None for the other purities; `regions` are the only encrypted parts, or empty if everything is
    encrypted; `share_encrypted` is their share of the picture's pixels, above 0, at most 1; `timings_ms` is the time of
    each stage.
    """

    png: memoryview = field(repr=False)
    key_file: KeyFile
    key_file_bytes: bytes = field(repr=False)
    facts: ImageFacts
    layout: Layout
    layout_reason: str
    warnings: tuple[str, ...]
    header_bytes: bytes = field(repr=False)
    tag: bytes = field(repr=False)
    statement: dict[str, Any]
    statement_sha256: str
    quantum_purity: dict[str, str | None]
    material: memoryview | None = field(repr=False)
    regions: tuple[Region, ...]
    share_encrypted: float
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class DecryptedImage:
    """The original file or, for a picture that was taken as pixels, a file with the same pixels.

    `warnings` are stable codes: `NOT_IDENTICAL` if the file differs from the original.
    """

    data: bytes = field(repr=False)
    media_type: str
    file_name: str
    layout: Layout
    key_id: UUID
    warnings: tuple[str, ...]
    timings_ms: dict[str, float]


def encrypt_image(
    data: bytes | bytearray | memoryview,
    *,
    source: EntropySource,
    wraps: Iterable[Wrap],
    purity: Purity = Purity.BALANCED,
    layout: Layout = Layout.AUTO,
    regions: Iterable[Region] = (),
    pool: BitPool | None = None,
    file_name: str | None = None,
    job_id: str | None = None,
    key_id: UUID | None = None,
    consume: bool = False,
    progress: ProgressSink = ignore,
    threads: int = 1,
) -> EncryptedImage:
    """Encrypt one image under a new file key.

    Args:
        data: the whole file, of a format of docs/reference/format.md, at most 50,000,000 bytes and 200,000,000 pixels;
            at most 25,000,000 pixels if it is decoded.
        source: measures bits for this image; if it fails, the key rests on the operating system's bits alone, and the
            statement says so.
        wraps: the ways to open the key file.
        purity: how quantum bits are used. If the source does not give enough bits for `maximum`, `balanced` is served,
            and `quantum_purity` says so.
        layout: what to encrypt; `auto` chooses a layout that restores the picture exactly.
        regions: 1 to 64 rectangles to encrypt, in pixels as they are stored; everything else stays in plaintext. Empty
            encrypts the whole picture.
        pool: waiting measured bits, for `fast`.
        file_name: its harmless parts are kept in the encrypted metadata.
        job_id: names the attempt in statement and metadata; without a job the key id names it.
        key_id: a new UUIDv7 if none is given.
        consume: empty `data`, if it is a bytearray, once it has been decoded: this saves a third of the peak memory.
        progress: called with the stages and the bytes done in them, at least every mebibyte.
        threads: 1 or 2; the result does not depend on it.

    Returns:
        The encrypted image, its key file, and the evidence.

    Raises:
        ImageError: the image is not accepted; the subclass says why.
        KeyFileInvalid: the stanzas exclude each other.
        Cancelled: `progress` raised it; any exception from `progress` ends the attempt.

    Specified in docs/reference/format.md, Encryption.
    """
    clock = StageClock(progress)
    key_id = uuid7() if key_id is None else key_id
    with (
        refusing(ImageCorrupt, "the picture is not as any program writes it"),
        clock.stage(Stage.VALIDATING, memoryview(data).nbytes) as advance,
    ):
        facts = intake.examine(data)
        content = payload.build(
            data,
            facts,
            layout=layout,
            regions=regions,
            file_name=file_name,
            threads=useful_threads(facts.width * facts.height, threads),
            progress=advance,
        )
        attempt = Attempt(content, key_id, threads=threads)
        del content  # it would hold the plaintext's memory until the end
        if consume:
            _empty(data)
    with _lanes(attempt, purity) as lanes:
        draw = attempt.draw(lanes, clock, source, pool, purity=purity, job_id=job_id)
        filled = lanes if draw.served == Purity.MAXIMUM else None
        made = attempt.run(draw, os.urandom(NONCE_SIZE), clock, filled)
    seeded = made.header.purity is Purity.MULTISTAGE
    key_file = keyfile.build(
        file_key=draw.file_key,
        nonce=made.header.nonce,
        key_id=key_id,
        purity=draw.served,
        statement_sha256=draw.statement_sha256,
        material=made.material if seeded else None,
        wraps=wraps,
    )
    return EncryptedImage(
        png=made.png,
        key_file=key_file,
        key_file_bytes=keyfile.encode(key_file),
        facts=attempt.content.facts,
        layout=attempt.content.layout,
        layout_reason=attempt.content.reason,
        warnings=attempt.content.warnings,
        header_bytes=pack(made.header),
        tag=made.tag,
        statement=draw.statement,
        statement_sha256=draw.statement_sha256,
        quantum_purity=dict(draw.statement["purity"]),
        material=None if seeded else made.material,
        regions=attempt.content.regions,
        share_encrypted=attempt.content.share_encrypted,
        timings_ms=clock.timings_ms,
    )


def decrypt_image(
    image: bytes | bytearray | memoryview,
    key_file: bytes | KeyFile,
    *,
    openers: Sequence[Opener],
    material: bytes | bytearray | memoryview | None = None,
    detached: bytes | bytearray | memoryview | None = None,
    consume: bool = False,
    progress: ProgressSink = ignore,
    threads: int = 1,
) -> DecryptedImage:
    """Decrypt one image; the order of refusals is that of docs/reference/format.md.

    Args:
        image: the encrypted image, at most 112,000,000 bytes; with `detached`, a PNG that another program made of it.
        key_file: the bytes of the file, or the parsed file.
        openers: tried in their order.
        material: the `.qmat` file of an image of `maximum`, at most 320,000,000 bytes; not changed, and ignored for
            other images.
        detached: header and tag of the encrypted image, the data of its chunk `qsIS`: they are taken from here and not
            from `image`, which may have lost them.
        consume: empty `image`, if it is a bytearray, once it has been read: this saves a third of the peak memory.
        progress: called with the stages and the bytes done in them, at least every mebibyte.
        threads: 1 or 2; the result does not depend on it.

    Returns:
        The file, verified to the last byte.

    Raises:
        FileTooLarge, TooManyPixels: over a limit.
        NotEncrypted: not a PNG.
        HeaderMissing: a PNG that is not an encrypted image, or was saved again.
        PictureConverted, ImageCorrupt: with `detached`: a picture of another size or kind, or a damaged one.
        KeyFileInvalid: the data is not a key file.
        MaterialRequired: the image has the purity `maximum`, and no material was given.
        DecryptionError: every later failure. A client gets the same answer for all of them.
        Cancelled: `progress` raised it; any exception from `progress` ends the attempt.

    Specified in docs/reference/format.md, Decryption and Detached decryption.
    """
    clock = StageClock(progress)
    with clock.stage(Stage.VALIDATING, memoryview(image).nbytes) as advance:
        parsed, key_file = pair.read(image, key_file, detached=detached, progress=advance)
        if consume:
            _empty(image)
    header, samples = parsed.header, parsed.samples
    material = materials.of_image(header, key_file, material)
    with clock.stage(Stage.UNLOCKING):
        keys = schedule.derive(keyfile.unlock(key_file, openers), key_file.nonce)
        if not fits(header, key_file):
            raise CommitmentMismatch("The key file is of another image")
    with clock.stage(Stage.VERIFYING, samples.nbytes + memoryview(material).nbytes) as advance:
        tag.verify(keys.mac, parsed.header_bytes, samples, parsed.tag, progress=advance)
        materials.verify(header, material, progress=advance)
    del parsed  # its samples are as large as the picture
    inside = take_pixels(samples, header.regions, width=header.width)
    with (
        refusing(PayloadInvalid, "the metadata do not describe a file"),
        clock.stage(Stage.DECRYPTING, 3 * inside.nbytes + REBUILDING * samples.nbytes) as advance,
    ):
        about = read_metadata(header, key_file, keys)
        with materials.streams(header, keys, material, payload=inside) as streams:
            inside = streams.decrypt(inside, threads=threads, progress=advance)
        samples = put_pixels(samples, inside, header.regions, width=header.width)
        if header.regions:
            inside[:] = 0
        del inside
        try:
            restored = restore.restore(
                samples,
                about,
                layout=Layout(header.layout),
                width=header.width,
                height=header.height,
                bit_depth=header.bit_depth,
                color_type=header.color_type,
                version=header.version,
                regions=header.regions,
                progress=lambda size: advance(REBUILDING * size),
            )
        finally:
            samples[:] = 0
    return DecryptedImage(
        data=restored.data,
        media_type=restored.media_type,
        file_name=restored.file_name,
        layout=restored.layout,
        key_id=header.key_id,
        warnings=() if restored.identical else (NOT_IDENTICAL,),
        timings_ms=clock.timings_ms,
    )


def _empty(data: bytes | bytearray | memoryview) -> None:
    if isinstance(data, bytearray):
        with suppress(BufferError):  # another view of the buffer keeps its memory
            data.clear()


@contextmanager
def _lanes(attempt: Attempt, purity: Purity) -> Iterator[Recording | None]:
    """Reserve the lanes of `maximum`, and wipe their plaintext at the end, even after an error."""
    lanes = attempt.reserve_lanes() if purity is Purity.MAXIMUM else None
    try:
        yield lanes
    finally:
        if lanes is not None:
            lanes.wipe()
