"""Reference implementations of the measures in plain Python, sample by sample, to test the kernels."""

from shield_core.analysis.measures.picture import Picture
from shield_core.analysis.measures.tally import Differences, Pairs

SHIFTS = {"horizontal": (1, 0), "vertical": (0, 1), "diagonal": (1, 1)}


def samples(picture: Picture) -> list[list[list[int]]]:
    """Return rows of pixels of samples."""
    size = picture.bit_depth // 8
    flat = picture.samples.tobytes()
    values = [int.from_bytes(flat[at : at + size], "big") for at in range(0, len(flat), size)]
    pixels = [values[at : at + picture.channels] for at in range(0, len(values), picture.channels)]
    return [pixels[at : at + picture.width] for at in range(0, len(pixels), picture.width)]


def histogram(picture: Picture) -> list[list[int]]:
    lanes = picture.samples.shape[1]
    counts = [[0] * 256 for _ in range(lanes)]
    for at, value in enumerate(picture.samples.tobytes()):
        counts[at % lanes][value] += 1
    return counts


def neighbors(picture: Picture, direction: str) -> list[list[tuple[int, int]]]:
    """Return the pairs of one direction, for each channel."""
    right, down = SHIFTS[direction]
    rows = samples(picture)
    return [
        [
            (rows[y][x][channel], rows[y + down][x + right][channel])
            for y in range(picture.height - down)
            for x in range(picture.width - right)
        ]
        for channel in range(picture.channels)
    ]


def pairs(picture: Picture, direction: str) -> Pairs:
    channels = neighbors(picture, direction)
    every = [pair for channel in channels for pair in channel]
    return Pairs(
        len(every),
        tuple(sum(x for x, _ in channel) for channel in channels),
        tuple(sum(y for _, y in channel) for channel in channels),
        sum(x * x for x, _ in every),
        sum(y * y for _, y in every),
        sum(x * y for x, y in every),
    )


def differences(first: Picture, second: Picture) -> Differences:
    gaps = [
        p - c
        for ours, theirs in zip(samples(first), samples(second), strict=True)
        for one, other in zip(ours, theirs, strict=True)
        for p, c in zip(one, other, strict=True)
    ]
    return Differences(len(gaps), gaps.count(0), sum(abs(gap) for gap in gaps), sum(gap * gap for gap in gaps))
