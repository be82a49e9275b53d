"""One encryption under one file key and one nonce.

Private, for no public function takes a nonce: `pipeline.encrypt_image` draws a new one for every attempt, and the
vectors fix it here.
"""

from dataclasses import replace
from uuid import UUID

import numpy as np

from shield_core.cipher import crew, keystream, permutation
from shield_core.cipher.purity import Purity
from shield_core.container import metadata, png, tag
from shield_core.container.header import Header, pack
from shield_core.errors import LayoutNotExact
from shield_core.image.payload import Payload
from shield_core.image.regions import put_pixels, take_pixels
from shield_core.keys import schedule
from shield_core.keys.schedule import Schedule
from shield_core.progress import Advance, Stage, StageClock
from shield_core.quantum.keygen import Draw


class Attempt:
    """Holds the samples of a payload until they are used up; there is no second run."""

    def __init__(self, content: Payload, key_id: UUID, *, threads: int) -> None:
        """Take the samples out of a payload.

        Args:
            content: whose samples are encrypted in place.
            key_id: for the header.
            threads: 1 or 2.
        """
        self._picture = content.samples
        self._samples = take_pixels(content.samples, content.regions, width=content.width)
        # Held by the payload, the plaintext's memory would stay taken while the permuted copy and the file are made.
        self.content = replace(content, samples=np.empty((0, 1), np.uint8))
        self._key_id = key_id
        self._threads = crew.worth(len(self._picture), threads)

    def run(self, draw: Draw, nonce: bytes, clock: StageClock) -> tuple[Header, bytes, memoryview]:
        """Encrypt, and authenticate.

        Args:
            draw: the file key and its statement.
            nonce: 24 bytes, never used before.
            clock: told the stages `encrypting` and `authenticating`.

        Returns:
            The header, the 32-byte tag and the file.

        Raises:
            LayoutNotExact: more metadata than a header holds.
        """
        keys = schedule.derive(draw.file_key, nonce)
        header = self._header(draw, keys, nonce)
        with clock.stage(Stage.ENCRYPTING, 3 * self._samples.nbytes) as advance:
            keystream.apply(self._samples, keys.stream, threads=self._threads, progress=advance)
            self._samples = permutation.permute(
                self._samples, keys.permutation, threads=self._threads, progress=advance
            )
            self._picture = put_pixels(self._picture, self._samples, header.regions, width=header.width)
            del self._samples  # where there are regions, a copy
        draft = png.Draft(header)
        with clock.stage(Stage.AUTHENTICATING, header.sample_bytes) as advance:
            mac = self._authenticate(draft, keys, pack(header), advance)
            return header, mac, draft.finish(mac)

    def _authenticate(self, draft: png.Draft, keys: Schedule, header: bytes, advance: Advance) -> bytes:
        """Draw the pixels and compute the tag over them, at the same time where there are two threads."""
        with crew.beside(lambda: draft.draw(self._picture), threads=self._threads) as drawn:
            mac = tag.compute(keys.mac, header, self._picture, progress=advance)
            drawn()
        return mac

    def _header(self, draw: Draw, keys: Schedule, nonce: bytes) -> Header:
        served = draw.statement["purity"]["served"]
        about = {
            "version": metadata.VERSION,
            "job_id": draw.statement["job_id"],
            "purity": served,
            "statement_sha256": draw.statement_sha256,
            **self.content.metadata,
        }
        try:
            encrypted = metadata.encrypt(about, keys.metadata)
        except metadata.MetadataTooLong as error:
            raise LayoutNotExact("What is kept of the file has more than 4 MiB; the layout `file` keeps it") from error
        return Header(
            layout=self.content.layout.value,
            purity=Purity(served),
            key_id=self._key_id,
            nonce=nonce,
            commitment=keys.commitment,
            width=self.content.width,
            height=self.content.height,
            bit_depth=self.content.bit_depth,
            color_type=self.content.color_type,
            metadata=encrypted,
            regions=self.content.regions,
        )
