"""An encrypted image and its key file, read together: the order of the checks spans both."""

from shield_core.encrypted import detached as detached_images
from shield_core.encrypted import png
from shield_core.keys import keyfile
from shield_core.keys.keyfile import KeyFile
from shield_core.progress import Advance, nothing


def read(
    image: png.Buffer, key_file: bytes | KeyFile, *, detached: png.Buffer | None = None, progress: Advance = nothing
) -> tuple[png.Parsed, KeyFile]:
    """Read what the image is, then the key file, then the rest of the image.

    Args:
        image: the encrypted image; with `detached`, a PNG that another program made of it.
        key_file: the bytes of the file, or the parsed file.
        detached: header and tag that take the place of those in the image.
        progress: called with the bytes of the image done.

    Raises:
        ShieldError: as `png.read`, `detached.survey`, `detached.read` and `keyfile.parse`.

    Source: docs/reference/format.md, Decryption and Detached decryption, steps 1 to 5.
    """
    if detached is None:
        png.find(image)
        key_file = _parse(key_file)
        return png.read(image, progress=progress), key_file
    walk = detached_images.survey(image)
    key_file = _parse(key_file)
    return detached_images.read(walk, detached, progress=progress), key_file


def _parse(key_file: bytes | KeyFile) -> KeyFile:
    return key_file if isinstance(key_file, KeyFile) else keyfile.parse(key_file)
