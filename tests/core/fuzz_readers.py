"""Fuzz targets for the readers of the core: each returns whether it accepts any bytes, and raises only on a bug."""

import io
import json
import struct
import unicodedata
import zipfile
import zlib
from hashlib import sha256

from shield_core.audit.verification import verify
from shield_core.cipher.purity import Purity
from shield_core.encrypted import detached, material, metadata, png
from shield_core.encrypted.header import pack, parse
from shield_core.errors import (
    AuditExportInvalid,
    DecryptionError,
    HeaderInvalid,
    HeaderMissing,
    ImageError,
    KeyFileInvalid,
    PictureConverted,
    ShieldError,
)
from shield_core.image import intake, names
from shield_core.image.payload import Layout, build
from shield_core.image.regions import parse_json
from shield_core.image.restore import restore
from shield_core.keys import canonical, keyfile, spelling
from shield_core.keys.recipients import PUBLIC_SIZE, PublicKey, RecipientOpen, RecipientUnfit, SecretKey
from shield_core.keys.stanzas import PassphraseOpen, PlainOpen, VaultOpen
from shield_core.legacy import decryption as legacy
from tests.core.audit.making import KEYS as AUDIT_KEYS
from tests.core.legacy import predecessor
from tests.independent.decrypt import _check_picture, _read_detached
from tests.independent.failures import Refused
from tests.support import other_pictures, pictures
from tests.vectors.detached import COLORS, Saved
from tests.vectors.images import STATEMENT, Making, picture
from tests.vectors.key_files import identity
from tests.vectors.purities import Measuring, seal

ADA = SecretKey.parse(identity("ada"))
OPENERS = (
    PlainOpen(),
    RecipientOpen(ADA),
    PassphraseOpen(bytes(32)),
    VaultOpen("acc_1", lambda _id, _version: sha256(b"kek").digest()),
)
INFO = b"imageshield/v1/recipient" + bytes(16)


def read_header(data):
    try:
        header = parse(data)
    except HeaderInvalid:
        return False
    assert pack(header) == data
    return True


def read_png(data):
    try:
        found = png.read(data)
    except (DecryptionError, ImageError, HeaderMissing):
        return False
    assert bytes(png.write(found.header, found.tag, found.samples)) == data
    return True


def read_png_with_checksums(data):
    """Read it with corrected checksums, so that the fuzzer reaches the code after the checks."""
    return read_png(_checksums(data))


def read_saved_again(data):
    """Read it, with corrected checksums, as a picture of each kind; the independent implementation reads the same."""
    return any(_read_saved_again(_checksums(data), saved) for saved in SAVED)


def _read_saved_again(data, saved):
    try:
        samples = detached.read(detached.survey(data), saved.front).samples.tobytes()
    except (ImageError, PictureConverted):
        samples = None
    if b"acTL" not in data:  # only the product reads the frames of an animation
        assert samples == _read_by_document(data, saved.front)
    return samples is not None


def _read_by_document(data, front):
    try:
        _check_picture(data)
        return _read_detached(data, front).samples
    except Refused:
        return None


def read_key_file(data):
    try:
        key_file = keyfile.parse(data)
    except KeyFileInvalid:
        return False
    assert keyfile.encode(key_file) == data
    try:
        assert len(keyfile.unlock(key_file, OPENERS)) == 32
    except DecryptionError:
        return False
    return True


def read_respelled(data):
    """Read it as `rewrap` does: an accepted file is written in canonical form, which `parse` accepts."""
    try:
        key_file = keyfile.parse_respelled(data)
    except KeyFileInvalid:
        return False
    canonical_form = keyfile.encode(key_file)
    assert keyfile.parse(canonical_form) == key_file
    assert (canonical_form == data) == (not spelling.changes(data))
    return True


def read_key_file_values(data):
    """Read any JSON in the form of a key file."""
    rewritten = _rewritten(data, canonical.dumps_indented)
    return rewritten is not None and read_key_file(rewritten)


def read_texts(data):
    text, taken = data.decode(errors="replace"), False
    for kind in (PublicKey, SecretKey):
        try:
            assert kind.parse(text).text == text
            taken = True
        except RecipientUnfit:
            pass
    return taken


def read_public_key(data):
    """Read it with a corrected checksum, so that the key itself is checked."""
    try:
        public = PublicKey((data + bytes(PUBLIC_SIZE))[:PUBLIC_SIZE])
    except RecipientUnfit:
        return False
    assert PublicKey.parse(public.text) == public
    assert len(public.seal(bytes(32), info=INFO)) == 1168
    return True


def open_sealed(data):
    found = ADA.open(data, info=INFO)
    assert found is None or found == bytes(32)
    return found is not None


MULTISTAGE = Measuring("fuzz multistage", Purity.MULTISTAGE)
MAXIMUM = Measuring("fuzz maximum", Purity.MAXIMUM)
PARTS = {making: making.parts()[:2] for making in (MULTISTAGE, MAXIMUM)}


def _decrypt_with(making, sealed):
    header, samples = PARTS[making]
    try:
        with material.streams(header, making.keys, sealed, payload=samples) as streams:
            plain = streams.decrypt(samples.copy())
    except DecryptionError:
        return False
    return plain.tobytes() == making.plain


def read_material(data):
    return any(_decrypt_with(making, data) for making in PARTS)


def read_lanes(data):
    """Read it sealed under the right key, so that lanes and seeds are checked."""
    return any(_decrypt_with(making, seal(data, making.keys.material, making.header_id())) for making in PARTS)


SAVED = tuple(Saved(f"fuzz {mode}", mode) for mode in COLORS)

MAKINGS = (
    Making("fuzz pixels", picture("RGB")),
    Making("fuzz file", pictures.as_jpeg(pictures.make(9, 7)), Layout.FILE),
    Making("fuzz other", other_pictures.gif(), Layout.FILE),
)


def read_metadata(data):
    """Read it as authentic metadata of two images, in canonical form if it is JSON."""
    data = _rewritten(data, canonical.dumps) or data
    return any(_restore(making, data) for making in MAKINGS)


def _restore(making, data):
    sealed = metadata.AESGCM(making.keys.metadata).encrypt(bytes(12), data, None)
    content = making.content
    try:
        about = metadata.decrypt(sealed, making.keys.metadata, purity="balanced", statement_sha256=STATEMENT)
        restore(
            content.samples,
            about,
            layout=content.layout,
            width=content.width,
            height=content.height,
            bit_depth=content.bit_depth,
            color_type=content.color_type,
            version=content.version,
        )
    except DecryptionError:
        return False
    return True


def read_name(data):
    """Read it as UTF-16, to include lone surrogates; sanitizing an accepted name again does not change it."""
    name = data[: len(data) // 2 * 2].decode("utf-16-le", "surrogatepass")
    kept = names.harmless_name(name)
    stem = names.harmless_stem(name, fallback="image")
    made = [names.with_suffix_of(kept, media_type) for media_type in (None, "image/png", "image/tiff")]
    for one in (kept, f"{stem}.enc.qkey", f"{stem}-100.receipt.json", *made):
        assert names.harmless_name(one) == one
        assert one is None or not set(one) & set('/\\<>:"|?*\u202e\u2028')
        assert one is None or (0 < len(one.encode()) <= 255 and one[0] not in "-. \u00a0" and one[-1] not in ". \u00a0")
        assert one is None or not any(unicodedata.category(character)[0] == "C" for character in one)
    return kept is not None


def read_picture(data):
    """Walk over it, decode it if a decoder does, and restore it unchanged."""
    try:
        payload = build(data, intake.examine(data), layout=Layout.FILE)
    except ImageError:
        return False
    return payload.samples.reshape(-1)[8 : 8 + len(data)].tobytes() == data


def read_regions(data):
    try:
        parse_json(data)
    except ImageError:
        return False
    return True


LEGACY = pictures.make(6, 5, "RGB")
LEGACY_IMAGE = predecessor.encrypt(LEGACY, 1)[0]


def read_npz(data):
    try:
        legacy.decrypt(LEGACY_IMAGE, io.BytesIO(data))
    except ShieldError:
        return False
    return True


def read_npy(data):
    """Read it as one array in a valid archive."""
    taken = False
    for name in NPY:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for member, sound in NPY.items():
                archive.writestr(f"{member}.npy", data if member == name else sound)
        taken |= read_npz(file.getvalue())
    return taken


def read_legacy_picture(data):
    try:
        legacy.read_key(predecessor.encrypt(LEGACY, 1)[1], intake.examine(data))
        return True
    except ShieldError:
        return False


def _npy_members():
    with zipfile.ZipFile(predecessor.encrypt(LEGACY, 2, hmac_over="plain")[1]) as archive:
        return {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}


NPY = _npy_members()


def _checksums(data):
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if len(body) < size:
            break
        if kind == b"IDAT":
            body = _adler(body)
        parts.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
        at += 12 + size
    return b"".join(parts) + data[at:]


def _adler(stream):
    """Correct the Adler-32 of a stream of one stored block."""
    return stream[:-4] + struct.pack(">I", zlib.adler32(stream[7:-4])) if len(stream) > 11 else stream


def _rewritten(data, write):
    try:
        return write(json.loads(data))
    except (ValueError, RecursionError):
        return None


def verify_audit_export(data):
    """Accept any export of a chain; whether it was changed is the verdict's to say."""
    try:
        verify(data.splitlines(keepends=True), AUDIT_KEYS)
    except AuditExportInvalid:
        return False
    return True
