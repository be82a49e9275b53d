"""One encryption attempt: one picture under one file key and one nonce.

Private, because no public function takes a nonce: `pipeline.encrypt_image` draws a new one for every attempt, and the
test vectors set a fixed one here.
"""

from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

import numpy as np

from shield_core.cipher import permutation, segments
from shield_core.cipher.purity import Purity
from shield_core.cipher.streams import Streams
from shield_core.cipher.threads import run_beside, useful_threads
from shield_core.encrypted import material, metadata, png
from shield_core.encrypted.header import Header, pack
from shield_core.encrypted.lanes import Recording
from shield_core.encrypted.tag import Tag, ahead
from shield_core.errors import LayoutNotExact
from shield_core.image.payload import Payload
from shield_core.image.regions import put_pixels, take_pixels
from shield_core.keys import keyfile, schedule
from shield_core.keys.schedule import Schedule
from shield_core.progress import Advance, Stage, StageClock, nothing
from shield_core.quantum.keygen import RAW_BITS, Draw, draw_file_key
from shield_core.quantum.measurement import wipe
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import EntropySource


class Made(NamedTuple):
    """The result of an attempt: header, 32-byte tag and file, and for `multistage` and `maximum` the material."""

    header: Header
    tag: bytes
    png: memoryview
    material: memoryview | None


class Attempt:
    """Holds the samples of a payload until the encryption consumes them; it can run only once."""

    def __init__(self, content: Payload, key_id: UUID, *, threads: int) -> None:
        """Take the samples out of a payload.

        Args:
            content: the payload; its samples are encrypted in place.
            key_id: for the header.
            threads: 1 or 2.
        """
        self._picture = content.samples
        self._samples = take_pixels(content.samples, content.regions, width=content.width)
        # If the payload kept the plaintext, its memory would stay in use while the permuted copy and the file are made.
        self.content = replace(content, samples=np.empty((0, 1), np.uint8))
        self._key_id = key_id
        self._threads = useful_threads(len(self._picture), threads)
        # The permutation uses it as work space; afterwards the file is written into it.
        self._memory = np.empty(permutation.room(*self._samples.shape, threads=self._threads), np.uint8)

    @property
    def segments(self) -> int:
        """The number of segment seeds that `multistage` needs."""
        return segments.count(self._samples.nbytes)

    def reserve_lanes(self) -> Recording:
        """Return memory for the measured bytes of `maximum`."""
        return Recording(self._samples.nbytes, len(self._samples))

    def draw(
        self,
        lanes: Recording | None,
        clock: StageClock,
        source: EntropySource,
        pool: BitPool | None,
        *,
        purity: Purity,
        job_id: str | None,
    ) -> Draw:
        """Draw the file key and the other secrets that the purity needs.

        Args:
            lanes: for `maximum`, to be filled.
            clock: notified of the stage `generating_quantum_keys`.
            source: of measured bits.
            pool: as for `pipeline.encrypt_image`.
            purity: the requested purity.
            job_id: names the attempt; without a job the key id names it.
        """
        segments = self.segments if purity is Purity.MULTISTAGE else 0
        memory = None if lanes is None else lanes.memory
        work = segments * RAW_BITS // 8 + (0 if memory is None else memory.size)
        with clock.stage(Stage.GENERATING_QUANTUM_KEYS, work) as advance:
            return draw_file_key(
                source,
                job_id=job_id or keyfile.key_id_text(self._key_id),
                key_id=self._key_id,
                requested=purity.value,
                served=purity.value,
                pool=pool,
                segments=segments,
                lanes=memory,
                progress=advance,
            )

    def run(self, draw: Draw, nonce: bytes, clock: StageClock, lanes: Recording | None = None) -> Made:
        """Encrypt and authenticate.

        Args:
            draw: the file key and its statement; for `multistage` also the segment seeds, which are wiped.
            nonce: 24 bytes, never used before.
            clock: notified of the stages `encrypting` and `authenticating`.
            lanes: for `maximum`, filled; consumed.

        Raises:
            LayoutNotExact: there is more metadata than a header can hold.
            EntropyError: so many words were rejected that the measured bits ran out, once in 10^69 pictures.
        """
        keys = schedule.derive(draw.file_key, nonce)
        about = self._metadata(draw, keys)
        header = None if lanes or draw.seeds else self._header(draw, nonce, keys.commitment, about, None)
        mac = self._begin_tag(keys, header)
        work = 3 * self._samples.nbytes + (0 if lanes is None else 2 * lanes.memory.size)
        with clock.stage(Stage.ENCRYPTING, work) as advance:
            try:
                self._encrypt(Streams(keys.stream, keys.permutation, draw.seeds or None, lanes), mac, advance)
                sealed = self._seal(lanes or draw.seeds, keys, advance)
            finally:
                wipe(draw.seeds)
            digest = None if sealed is None else material.digest(sealed, progress=advance)
        header = header or self._header(draw, nonce, keys.commitment, about, digest)
        mac = mac or Tag(keys.mac, pack(header), self._picture)
        draft = png.Draft(header, self._memory)
        with clock.stage(Stage.AUTHENTICATING, header.sample_bytes) as advance:
            advance(mac.covered)
            value = self._authenticate(draft, mac, advance)
            return Made(header, value, draft.finish(value), sealed)

    def _begin_tag(self, keys: Schedule, header: Header | None) -> Tag | None:
        """Begin the tag if it can follow the permutation: the header is known, and the samples stay in place."""
        if header is None or self.content.regions or self._threads == 1:
            return None
        return Tag(keys.mac, pack(header), self._samples)

    def _encrypt(self, streams: Streams, mac: Tag | None, advance: Advance) -> None:
        self._samples = streams.encrypt(
            self._samples,
            memory=self._memory,
            threads=self._threads,
            settled=nothing if mac is None else ahead(mac, self._samples),
            progress=advance,
        )
        self._picture = put_pixels(self._picture, self._samples, self.content.regions, width=self.content.width)
        del self._samples  # if there are regions, this is a copy

    def _seal(self, secret: Recording | bytearray, keys: Schedule, advance: Advance) -> memoryview | None:
        if not secret:
            return None
        return material.seal(secret, key=keys.material, key_id=self._key_id, progress=advance)

    def _authenticate(self, draft: png.Draft, mac: Tag, advance: Advance) -> bytes:
        """Draw the pixels and compute the tag over them, at the same time where there are two threads."""
        with run_beside(lambda: draft.draw(self._picture), threads=self._threads) as drawn:
            value = mac.finish(progress=advance)
            drawn()
        return value

    def _metadata(self, draw: Draw, keys: Schedule) -> bytes:
        about = {
            "version": metadata.VERSION,
            "job_id": draw.statement["job_id"],
            "purity": draw.served,
            "statement_sha256": draw.statement_sha256,
            **self.content.metadata,
        }
        try:
            return metadata.encrypt(about, keys.metadata)
        except metadata.MetadataTooLong as error:
            raise LayoutNotExact("What is kept of the file has more than 4 MiB; the layout `file` keeps it") from error

    def _header(self, draw: Draw, nonce: bytes, commitment: bytes, about: bytes, digest: bytes | None) -> Header:
        return Header(
            layout=self.content.layout.value,
            purity=Purity(draw.served),
            key_id=self._key_id,
            nonce=nonce,
            commitment=commitment,
            width=self.content.width,
            height=self.content.height,
            bit_depth=self.content.bit_depth,
            color_type=self.content.color_type,
            metadata=about,
            material_sha256=digest,
            regions=self.content.regions,
            version=self.content.version,
        )
