"""Material: the measured bits beside the keystream (docs/reference/format.md, "Material")."""

from .ciphers import chacha20, open_gcm, xor
from .failures import demand
from .numbers import Cursor, u8, u32
from .permutation import bucket_bits
from .schedule import Keys, segment_key

_CHUNK = 65_536
_TAG = 16
_HEAD = 21
_SEGMENT = 2**20


def open_chunks(material: bytes, key: bytes, key_id: bytes) -> bytes:
    """Return the plaintext. Only the final chunk is marked as last, and it is empty only if the whole plaintext is."""
    head, body = material[:_HEAD], material[_HEAD:]
    demand(head == b"QSMT" + u8(1) + key_id, "another head")
    chunks = [body[at : at + _CHUNK + _TAG] for at in range(0, len(body), _CHUNK + _TAG)]
    demand(bool(chunks), "no chunk")
    demand(len(chunks) == 1 or len(chunks[-1]) > _TAG, "an empty chunk at the end")
    final = len(chunks) - 1
    return b"".join(
        open_gcm(key, bytes(7) + u32(index) + u8(index == final), head, chunk) for index, chunk in enumerate(chunks)
    )


class Lane:
    """A lane of keystream, XORed with measured bytes if there are any."""

    def __init__(self, key: bytes, nonce: bytes, measured: bytes | None = None) -> None:
        self._stream = chacha20(key, nonce)
        self._measured = None if measured is None else Cursor(measured)

    def read(self, length: int) -> bytes:
        stream = self._stream.update(bytes(length))
        return stream if self._measured is None else xor(stream, self._measured.take(length))

    @property
    def consumed(self) -> bool:
        return self._measured is None or self._measured.left == 0


class Keystreams:
    """The keystreams of a payload: `stream`, and `lane` of the permutation."""

    def __init__(self, keys: Keys, stream: bytes, measured: list[bytes] | None = None) -> None:
        self.stream = stream
        self._key = keys.permutation
        self._measured = measured
        self._lanes: list[Lane] = []

    def lane(self, number: int) -> Lane:
        measured = None if self._measured is None else self._measured[number]
        lane = Lane(self._key, u32(number) + bytes(8), measured)
        self._lanes.append(lane)
        return lane

    @property
    def consumed(self) -> bool:
        return all(lane.consumed for lane in self._lanes)


def keystreams(purity: str, keys: Keys, plaintext: bytes, length: int, pixels: int) -> Keystreams:
    """Return the keystreams of a payload of `length` bytes; `plaintext` is that of the material."""
    if purity == "multistage":
        return Keystreams(keys, _segments(keys.stream, plaintext, length))
    if purity == "maximum":
        lanes = _lanes(plaintext, length, pixels)
        return Keystreams(keys, Lane(keys.stream, bytes(12), lanes[0]).read(length), lanes)
    return Keystreams(keys, Lane(keys.stream, bytes(12)).read(length))


def _segments(stream_key: bytes, seeds: bytes, length: int) -> bytes:
    demand(len(seeds) == 32 * -(-length // _SEGMENT), "another number of seeds")
    stream = b""
    for index, start in enumerate(range(0, length, _SEGMENT)):
        key = segment_key(stream_key, seeds[32 * index : 32 * (index + 1)], index)
        stream += Lane(key, bytes(12)).read(min(_SEGMENT, length - start))
    return stream


def _lanes(plaintext: bytes, length: int, pixels: int) -> list[bytes]:
    """The measured bytes of each lane."""
    fields = Cursor(plaintext)
    buckets = 1 << bucket_bits(pixels)
    demand(fields.number(2) == 2 + buckets, "another number of lanes")
    lanes = [fields.take(fields.number(8)) for _ in range(2 + buckets)]
    demand(fields.left == 0, "bytes behind the last lane")
    demand(len(lanes[0]) == length, "lane 0 of another length")
    demand(len(lanes[1]) == (pixels if buckets > 1 else 0), "lane 1 of another length")
    return lanes
