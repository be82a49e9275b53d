"""Pictures that are kept as files and never decoded: `OTHER` of docs/reference/format.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from shield_core.errors import UnsupportedFormat
from shield_core.image.facts import NOT_DECODED, OTHER, ImageFacts, Pieces


class NotDecoded(UnsupportedFormat):
    """A picture of a known format, of a kind that no decoder here reads: the layout `file` keeps it."""

    def __init__(self, reason: str, *, width: int = 0, height: int = 0) -> None:
        super().__init__(f"the picture is {reason}, which is not decoded; the layout `file` keeps it byte for byte")
        self.reason = reason
        self.size = width, height


@dataclass(frozen=True, slots=True)
class OtherWalk:
    """The facts about a file that is not decoded; no decoder reads any part of it."""

    facts: ImageFacts
    shown: Sequence[Pieces] = ()
    dropped: tuple[str, ...] = ()


def keep_undecoded(reason: str, media_type: str, *, width: int = 0, height: int = 0) -> OtherWalk:
    """Describe a picture that only the layout `file` accepts.

    Args:
        reason: the kind of picture, with its article.
        media_type: one of `shield_core.image.suffixes`.
        width: pixels, or 0 if the structure does not state it.
        height: pixels, or 0 if the structure does not state it.
    """
    return OtherWalk(
        ImageFacts(
            format=OTHER,
            mode="",
            bit_depth=0,
            width=width,
            height=height,
            frames=1,
            exact=False,
            reason=f"{reason}, which is not decoded",
            warnings=(NOT_DECODED,),
            media_type=media_type,
        )
    )
