"""Our own stages, as the pipeline runs them."""

from uuid import UUID

import numpy as np

from shield_core.analysis.document import analyze
from shield_core.analysis.measures.picture import Picture
from shield_core.cipher import keystream, permutation
from shield_core.cipher.purity import Purity
from shield_core.cipher.streams import Streams
from shield_core.cipher.threads import run_beside, useful_threads
from shield_core.encrypted import png, tag
from shield_core.encrypted.header import Header, pack
from shield_core.progress import nothing

KEY = bytes(range(32))
KINDS = {1: (8, 0), 3: (8, 2)}


def header(width, height, channels):
    depth, color = KINDS[channels]
    return Header(
        layout="pixels",
        purity=Purity.BALANCED,
        key_id=UUID(int=0),
        nonce=bytes(24),
        commitment=bytes(32),
        width=width,
        height=height,
        bit_depth=depth,
        color_type=color,
        metadata=bytes(600),
    )


def core(samples, of, threads):
    """Keystream, permutation, tag and PNG: everything between the decoder and the finished file but the digests."""
    threads = useful_threads(len(samples), threads)
    memory = np.empty(permutation.room(*samples.shape, threads=threads), np.uint8)
    mac = tag.Tag(KEY, pack(of), samples)
    settled = tag.ahead(mac, samples) if threads > 1 else nothing
    Streams(KEY, KEY).encrypt(samples, memory=memory, threads=threads, settled=settled)
    draft = png.Draft(of, memory)
    with run_beside(lambda: draft.draw(samples), threads=threads):
        value = mac.finish()
    return draft.finish(value)


def uncore(image):
    """Strict reader, tag, inverse permutation and keystream: everything between the file and the encoder."""
    parsed = png.read(image)
    tag.compute(KEY, parsed.header_bytes, parsed.samples)
    Streams(KEY, KEY).decrypt(parsed.samples)


def stages(samples, width, height):
    """The stages of `core` one by one, on one thread, and all together."""
    of = header(width, height, samples.shape[1])
    packed, image = pack(of), png.write(of, bytes(32), samples)
    return {
        "permute": lambda: permutation.permute(samples, KEY, out=samples),
        "ChaCha20": lambda: keystream.apply(samples, KEY),
        "HMAC": lambda: tag.compute(KEY, packed, samples),
        "PNG write": lambda: png.write(of, bytes(32), samples),
        "core": lambda: core(samples, of, 1),
        "core, 2 threads": lambda: core(samples, of, 2),
        "decrypt core": lambda: uncore(image),
    }


def metrics(samples, width, height):
    """Everything that an analysis says of two pictures but the avalanche, which is two more encryptions."""
    first, second = (Picture(some, width, height, 8) for some in (samples, samples[::-1].copy()))
    return lambda threads: analyze(first, second, threads=threads)
