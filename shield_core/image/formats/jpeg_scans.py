"""The completeness of a JPEG's scans (ITU-T T.81, sections B.2.3 and G.1.1.1)."""

from collections import defaultdict
from collections.abc import Iterable

_COEFFICIENTS = 64


def are_complete(scans: Iterable[memoryview], components: int) -> bool:
    """Return whether the scans code every coefficient of every component to its last bit.

    Args:
        scans: the headers of the scans, each without its marker and length.
        components: the number that the frame declares.
    """
    coded: defaultdict[int, set[int]] = defaultdict(set)
    for header in scans:
        count = header[0] if len(header) else 0
        if len(header) < 1 + 2 * count + 3:
            return False
        first, last, bits = header[1 + 2 * count : 4 + 2 * count]
        if not bits & 0x0F:  # no bit of these coefficients is left for a later scan
            for component in header[1 : 1 + 2 * count : 2]:
                coded[component].update(range(first, last + 1))
    return len(coded) == components and all(len(found) >= _COEFFICIENTS for found in coded.values())
