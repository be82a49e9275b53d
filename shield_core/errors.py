"""The exceptions of the core.

ShieldError
├── ImageError                 the given picture is not accepted
│   ├── ImageEmpty             no bytes at all
│   ├── UnsupportedFormat      the magic bytes are of no accepted format
│   │   └── NotEncrypted       the file to decrypt is not a PNG
│   ├── FileTooLarge           more bytes than the limit
│   ├── TooManyPixels          the header declares more pixels than the limit
│   ├── ImageCorrupt           truncated, damaged or a decompression bomb
│   ├── LayoutNotExact         `pixels` was requested and cannot hold this picture exactly
│   └── RegionInvalid          a rectangle that is not inside the picture, or too many of them
├── PicturesDiffer             two pictures that cannot be compared sample by sample
├── PictureConverted           a picture of other samples than the encrypted image had: resized, or saved with loss
├── HeaderMissing              a sound PNG without the `qsIS` chunk: re-saved, or never encrypted
├── KeyFileInvalid             not a canonical key file, or a parameter over its cap
├── ReceiptInvalid             not a canonical receipt, or one that contradicts itself
├── AuditExportInvalid         not an export of an audit chain
├── KeySetInvalid              not a set of public keys, or one that holds a private key
├── MaterialRequired           the image was encrypted with material, and none was given
├── DecryptionError            five failures; a client gets the same answer for all of them
│   ├── NoMatch                no stanza opens with the given secret
│   ├── CommitmentMismatch     the key belongs to another picture
│   ├── MacMismatch            picture or key file were changed
│   │   └── LaterMaterial      a material file of a later version of the format, which is public
│   ├── HeaderInvalid          framing, checksum or geometry that the writer never writes
│   │   └── LaterVersion       an image of a later version of the format, which is public
│   └── PayloadInvalid         authentic, but it contradicts its metadata
├── EntropyError               random bits are not available
│   ├── SourceFailed           the source raised, stalled or returned short
│   └── HealthTestFailed       the source's bits failed a health test
└── Cancelled                  the caller asked to stop

`code` is the stable problem code of the API; `failure` is the name of the failure in the test vectors.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

UNEXPECTED: Final = (LookupError, TypeError, ValueError, ArithmeticError, struct.error, RecursionError)
"""The exceptions that Python and its libraries raise for malformed data. The data causes them, not the machine, so
another attempt would fail in the same way."""


class ShieldError(Exception):
    """Base of every error of the core."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"


class ImageError(ShieldError):
    """The picture is not accepted."""


class ImageEmpty(ImageError):
    """The picture has no bytes."""

    code = "image-empty"
    title = "The image is empty"


class UnsupportedFormat(ImageError):
    """The first bytes belong to no format that is accepted, or accepted here."""

    code = "unsupported-format"
    title = "Not an image of a format that is taken"


class NotEncrypted(UnsupportedFormat):
    """The file to decrypt is not a PNG; the message says what it is."""

    title = "Not an encrypted image"


class FileTooLarge(ImageError):
    """The picture has more bytes than the limit."""

    code = "file-too-large"
    title = "The file is too large"


class TooManyPixels(ImageError):
    """The header declares more pixels than the limit."""

    code = "too-many-pixels"
    title = "The image has too many pixels"


class ImageCorrupt(ImageError):
    """The picture is truncated, damaged or a decompression bomb."""

    code = "image-corrupt"
    title = "The image is damaged"
    failure: ClassVar[str] = "damaged"


class LayoutNotExact(ImageError):
    """The `pixels` layout cannot hold this picture exactly."""

    code = "layout-not-exact"
    title = "The pixels layout cannot keep this image exactly"


class RegionInvalid(ImageError):
    """A rectangle is empty, duplicated or not inside the picture, or there are none or more than 64."""

    code = "region-invalid"
    title = "The regions do not fit the image"


class PicturesDiffer(ShieldError):
    """Two pictures differ in size, number of channels or depth: they cannot be compared sample by sample."""

    code = "validation-failed"
    title = "The two images do not have the same size and kind of samples"


class HeaderMissing(ShieldError):
    """A PNG without the `qsIS` chunk."""

    code = "header-missing"
    title = "Not an encrypted image, or saved again by another program"
    failure: ClassVar[str] = "header missing"


class PictureConverted(ShieldError):
    """Another program has changed the size or kind of an encrypted image, so its samples are not the same."""

    code = "picture-converted"
    title = "Another program has changed the encrypted image"
    failure: ClassVar[str] = "converted"


class KeyFileInvalid(ShieldError):
    """Not a canonical key file, or a parameter over its cap."""

    code = "key-file-invalid"
    title = "The key file is not valid"
    failure: ClassVar[str] = "key file"


class ReceiptInvalid(ShieldError):
    """Not a canonical receipt, or one that contradicts itself."""

    code = "receipt-invalid"
    title = "The receipt is not valid, or was changed"


class AuditExportInvalid(ShieldError):
    """Not an export of an audit chain: nothing in it can be checked."""

    code = "audit-export-invalid"
    title = "The file is not an export of an audit trail"


class KeySetInvalid(ShieldError):
    """Not a set of public keys, or one that holds a private key."""

    code = "key-set-invalid"
    title = "The key set is not valid"


class MaterialRequired(ShieldError):
    """The image was encrypted with material beside its key, and none was given."""

    code = "material-required"
    title = "This image needs its material file"


class DecryptionError(ShieldError):
    """The picture cannot be decrypted; a client gets the same answer for every cause."""

    code = "decryption-failed"
    title = "Wrong key or password, or the file was changed"
    failure: ClassVar[str]


class NoMatch(DecryptionError):
    """No stanza opens with the given secret."""

    failure = "no match"


class CommitmentMismatch(DecryptionError):
    """The key belongs to another picture."""

    failure = "commitment"


class MacMismatch(DecryptionError):
    """The picture or the key file was changed."""

    failure = "mac"


class HeaderInvalid(DecryptionError):
    """Framing, checksum or geometry that the writer never writes."""

    failure = "header"


class LaterVersion(HeaderInvalid):
    """The image was made by a later version of the format."""

    code = "later-version"
    title = "This release is too old for the file"

    def __init__(self, version: int) -> None:
        super().__init__(f"the encrypted image was made by a later version of the format ({version})")


class LaterMaterial(MacMismatch):
    """The material file was made by a later version of the format."""

    code = LaterVersion.code
    title = LaterVersion.title

    def __init__(self, version: int) -> None:
        super().__init__(f"the material file was made by a later version of the format ({version})")


class PayloadInvalid(DecryptionError):
    """The content is authentic, but it contradicts its metadata."""

    failure = "payload"


class EntropyError(ShieldError):
    """Random bits are not available."""

    code = "unavailable"
    title = "The entropy source is not available"


class SourceFailed(EntropyError):
    """The source raised, stalled or returned fewer bits than requested."""


class HealthTestFailed(EntropyError):
    """The source's bits failed a health test."""


class Cancelled(ShieldError):
    """The caller asked to stop."""

    code = "cancelled"
    title = "Cancelled"


@contextmanager
def refusing(kind: type[ShieldError], words: str) -> Iterator[None]:
    """Convert unexpected exceptions from malformed data into a refusal of the data.

    Raises:
        ShieldError: of this kind, with this message and the cause.
    """
    try:
        yield
    except UNEXPECTED as error:
        raise kind(words) from error
