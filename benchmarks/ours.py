"""Our own stages, as the pipeline runs them."""

from uuid import UUID

from shield_core.cipher import crew, keystream, permutation
from shield_core.cipher.purity import Purity
from shield_core.container import png, tag
from shield_core.container.header import Header, pack

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
    threads = crew.worth(len(samples), threads)
    keystream.apply(samples, KEY, threads=threads)
    permuted = permutation.permute(samples, KEY, threads=threads)
    draft = png.Draft(of)
    with crew.beside(lambda: draft.draw(permuted), threads=threads):
        mac = tag.compute(KEY, pack(of), permuted)
    return draft.finish(mac)


def uncore(image):
    """Strict reader, tag, inverse permutation and keystream: everything between the file and the encoder."""
    parsed = png.read(image)
    tag.compute(KEY, parsed.header_bytes, parsed.samples)
    samples = permutation.unpermute(parsed.samples, KEY)
    keystream.apply(samples, KEY)


def stages(samples, width, height):
    """The stages of `core` one by one, on one thread."""
    of = header(width, height, samples.shape[1])
    packed, image = pack(of), png.write(of, bytes(32), samples)
    return {
        "permute": lambda: permutation.permute(samples, KEY),
        "ChaCha20": lambda: keystream.apply(samples, KEY),
        "HMAC": lambda: tag.compute(KEY, packed, samples),
        "PNG write": lambda: png.write(of, bytes(32), samples),
        "core": lambda: core(samples, of, 1),
        "core, 2 threads": lambda: core(samples, of, 2),
        "decrypt core": lambda: uncore(image),
    }
