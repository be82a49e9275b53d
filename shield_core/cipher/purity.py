"""The purities: the four ways to use quantum bits for one picture, and their codes in its header."""

from enum import StrEnum


class Purity(StrEnum):
    """The four ways to use quantum bits; each has at least 256 bits of strength."""

    FAST = "fast"
    BALANCED = "balanced"
    MULTISTAGE = "multistage"
    MAXIMUM = "maximum"

    @property
    def code(self) -> int:
        """Return the byte of the header: 1 to 4 (docs/reference/format.md, Header)."""
        return _CODES[self]

    @property
    def needs_material(self) -> bool:
        """Return whether the image needs bits that no key can derive again (docs/reference/format.md, Material)."""
        return self in {Purity.MULTISTAGE, Purity.MAXIMUM}

    @classmethod
    def from_code(cls, code: int) -> "Purity":
        """Return the purity for a byte of the header.

        Args:
            code: 0..255.

        Raises:
            ValueError: no purity has this code.
        """
        for purity, known in _CODES.items():
            if known == code:
                return purity
        raise ValueError(f"no purity has the code {code}")


_CODES = {Purity.FAST: 1, Purity.BALANCED: 2, Purity.MULTISTAGE: 3, Purity.MAXIMUM: 4}
