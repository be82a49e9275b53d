"""Merkle trees over the heads of all chains: RFC 6962, section 2.1, with roots and inclusion proofs.

A leaf is SHA-256(00 ‖ chain id ‖ u64 seq ‖ hash), a node SHA-256(01 ‖ left ‖ right).
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf(chain: UUID, seq: int, head: bytes) -> bytes:
    """Hash the head of a chain.

    Args:
        chain: The chain's id.
        seq: The number of its last row.
        head: The 32 bytes of that row's hash.

    Returns:
        32 bytes.
    """
    return hashlib.sha256(b"\0" + chain.bytes + seq.to_bytes(8, "big") + head).digest()


class Tree:
    """The tree over some leaves, with all its levels: 64 bytes a leaf."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Build the tree: one hash for each node."""
        self._levels = [list(leaves)]
        while len(self._levels[-1]) > 1:
            self._levels.append(_level_above(self._levels[-1]))

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """The root, 32 bytes."""
        return self._levels[-1][0] if self.size else EMPTY

    def path(self, index: int) -> list[bytes]:
        """Return the inclusion proof of a leaf: the sibling at each level that has one, from the leaf upwards.

        Raises:
            IndexError: there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        path = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(level[sibling])
            index >>= 1
        return path


def root_of(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Compute the root that an inclusion proof leads to: RFC 9162, section 2.1.3.2.

    Args:
        leaf_hash: The leaf's 32 bytes.
        index: Its place, from 0.
        size: The number of leaves.
        path: The proof, of any length.

    Returns:
        32 bytes to compare with a signed root; None if a tree of this size has no such proof.
    """
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = _node(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, sibling)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    above = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    # A node without a sibling moves up unchanged.
    return [*above, level[-1]] if len(level) % 2 else above


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
