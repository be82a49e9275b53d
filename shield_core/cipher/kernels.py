"""Compiled kernels of the permutation: loops over pixels that release the GIL.

Nothing else in the product imports numba, and this module is imported on first use: the gateway and `imageshield
inspect` start without it. `permutation.warm()` compiles everything before a worker takes a job. Compiled code is cached
in NUMBA_CACHE_DIR if that is set, otherwise beside the source.

A pixel is one unsigned integer. Pixels of 1, 2 and 4 bytes are plain arrays; pixels of 3 bytes are a view of 32-bit
integers that are 3 bytes apart, so that a pixel moves in one instruction: a read includes one byte of the next pixel,
and a write overwrites that byte. Kernels that write through this view go upwards, and their callers restore the byte
after the last pixel.

All indices are unsigned: a signed index costs a comparison for each access, a third of the time here.
"""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN201  - numba infers the types from the call

import numba
import numpy as np

_1 = np.uint64(1)
_LOW = np.uint64(0xFFFFFFFF)
_2_32 = np.uint64(1 << 32)
_TILE = np.uint64(32)

_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


@_kernel
def count(choices, mask, counts):
    """Add the sizes of the buckets.

    Args:
        choices: uint8 (c,), one bucket byte for each pixel.
        mask: uint8, number of buckets - 1.
        counts: uint64 (4, buckets), updated; four tables, because with one, equal neighbors would wait for each other.
    """
    fours = choices.size // 4 * 4
    for i in range(0, fours, 4):
        for table in range(4):
            counts[table, choices[i + table] & mask] += _1
    for i in range(fours, choices.size):
        counts[0, choices[i] & mask] += _1


@_kernel
def scatter(source, target, choices, mask, ends, limits):  # noqa: PLR0917 - numba is slow with keywords
    """Append every pixel to the run of its bucket, while there is room.

    Args:
        source: pixels (c,), those of `choices`.
        target: pixels, the runs.
        choices: uint8 (c,).
        mask: uint8.
        ends: uint64 (buckets,), where the next pixel of each bucket goes; advanced, even where there is no room.
        limits: uint64 (buckets,), the place after the last that may be written.
    """
    for i in range(source.size):
        bucket = choices[i] & mask
        at = ends[bucket]
        ends[bucket] = at + _1
        if at < limits[bucket]:
            target[at] = source[i]


@_kernel
def gather(source, target, choices, mask, ends):
    """Read every pixel from its bucket: the inverse of `scatter`.

    Args:
        source: pixels (n - 1,): the last pixel cannot be read without the byte after it.
        target: pixels (c,), those of `choices`.
        choices: uint8 (c,).
        mask: uint8.
        ends: uint64 (buckets,), where the next pixel of each bucket is; advanced.

    Returns:
        The index in `target` of the last pixel of `source`, which was not read; c if there was none.
    """
    left_out = target.size
    limit = np.uint64(source.size)
    for i in range(target.size):
        bucket = choices[i] & mask
        at = ends[bucket]
        ends[bucket] = at + _1
        if at < limit:
            target[i] = source[at]
        else:
            left_out = i
    return left_out


@_kernel
def draw(words, top, partners):
    """Draw swap partners for the places top, top - 1, ... down to 1, without bias.

    Most tiles of 32 words have no word that could be rejected; they run without a branch.

    Args:
        words: uint32 (w,), keystream.
        top: uint64, the highest place without a partner.
        partners: uint32 (at least w,), written from the start.

    Returns:
        The number of partners drawn. All words are used, or place 1 has its partner.

    Source: Lemire 2019, doi:10.1145/3230636, algorithm 5.
    """
    n = np.uint64(words.size)
    word = np.uint64(0)
    drawn = np.uint64(0)
    place = np.uint64(top)
    while place >= _1 and word < n:
        if place >= _TILE and word + _TILE <= n:
            doubtful = np.uint64(0)
            for t in range(_TILE):
                size = place + _1 - t
                product = np.uint64(words[word + t]) * size
                doubtful |= np.uint64((product & _LOW) < size)
                partners[drawn + t] = np.uint32(product >> np.uint64(32))
            if not doubtful:
                place -= _TILE
                word += _TILE
                drawn += _TILE
                continue
        stop = min(n, word + _TILE)
        while place >= _1 and word < stop:
            size = place + _1
            product = np.uint64(words[word]) * size
            word += _1
            low = product & _LOW
            if low < size and low < (_2_32 - size) % size:
                continue
            partners[drawn] = np.uint32(product >> np.uint64(32))
            drawn += _1
            place -= _1
    return drawn


@_kernel
def shuffle(bucket, words, top, target, shift, partners):  # noqa: PLR0917  - numba is slow with keywords
    """Swap downwards from a place, and write every pixel as soon as it is final.

    Args:
        bucket: integers (m,), modified.
        words: uint32 (w,), keystream.
        top: uint64, the highest place that is not final.
        target: integers (m - 1,), the places 1 to m - 1; may be `bucket[1:]` itself.
        shift: uint32, bits to shift left into `target`: in a view that begins a byte early, writing downwards leaves
            the neighbors correct.
        partners: uint32 (p,), memory for p draws at a time.

    Returns:
        The highest place that is not final yet. All words are used, or it is 0.
    """
    place = np.uint64(top)
    word = 0
    while place >= _1 and word < words.size:
        some = words[word : min(words.size, word + partners.size)]
        drawn = draw(some, place, partners)
        for t in range(np.uint64(drawn)):
            partner = np.uint64(partners[t])
            pixel = bucket[partner]
            bucket[partner] = bucket[place]
            target[place - _1] = pixel << shift
            place -= _1
        word += some.size
    return place


@_kernel
def take_and_shuffle(places, starts, sizes, pixels, words, target, shift, partners):  # noqa: PLR0917
    """Collect the pixels of a bucket from their runs and begin to shuffle them, in one call: each call has a cost.

    Args:
        places: integers, the memory of all runs.
        starts: uint64 (r,), where each run of the bucket starts.
        sizes: uint64 (r,), how many pixels it has.
        pixels: integers (m,), written and modified.
        words: as `shuffle`.
        target: as `shuffle`.
        shift: as `shuffle`.
        partners: as `shuffle`.

    Returns:
        As `shuffle`.
    """
    at = np.uint64(0)
    for run in range(starts.size):
        for i in range(np.uint64(sizes[run])):
            pixels[at] = places[starts[run] + i]
            at += _1
    return shuffle(pixels, words, np.uint64(pixels.size - 1), target, shift, partners)


@_kernel
def unshuffle(source, partners, bucket):
    """Undo `shuffle` upwards from place 1 to the last place but one.

    Args:
        source: integers (m - 1,), the shuffled pixels without the last; may be `bucket[:-1]` itself.
        partners: uint32 (m - 1,), in the order in which they were drawn.
        bucket: integers (m,); place 0 holds its pixel, the others are written.
    """
    last = np.uint64(partners.size)
    for place in range(_1, last):
        partner = np.uint64(partners[last - place])
        pixel = source[place]
        bucket[place] = bucket[partner]
        bucket[partner] = pixel


@_kernel
def copy(source, target):
    """Copy pixels one by one upwards; numpy may choose another order, which is wrong for a view of overlapping pixels.

    Args:
        source: integers (c,).
        target: integers (c,).
    """
    for i in range(np.uint64(source.size)):
        target[i] = source[i]
