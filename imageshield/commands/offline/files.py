"""`encrypt`, `decrypt` and `inspect` for local files, without a server."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageshield.commands.offline import headers, materials
from imageshield.commands.offline.access import Keys, Locks
from imageshield.commands.offline.neighbors import beside, encrypted_beside, key_beside, writable
from imageshield.terminal import summaries
from imageshield.terminal.failures import Failure, of_core, usage
from imageshield.terminal.inputs import STANDARD, read
from imageshield.terminal.outputs import PRIVATE, Outputs, check_distinct, check_target
from imageshield.terminal.reporting import quiet_libraries, say, watched
from shield_core import recognition
from shield_core.cipher.purity import Purity
from shield_core.errors import DecryptionError, ShieldError
from shield_core.image.limits import MAX_BYTES, MAX_ENCRYPTED_BYTES, MAX_MATERIAL_BYTES
from shield_core.image.names import harmless_name
from shield_core.keys import keyfile
from shield_core.keys.stanzas import Opener, Wrap
from shield_core.progress import Progress, ProgressSink, Stage

if TYPE_CHECKING:
    from shield_core.image.regions import Region
    from shield_core.pipeline import DecryptedImage, EncryptedImage

_THREADS_PAY = 1_000_000
"""Number of pixels below which starting a second thread takes longer than it saves."""

_NAME_IS_FOREIGN = "-o names a file, and with --force one to replace"
"""The name comes from the encrypted image, so the author of the image must not choose which file is replaced."""


def encrypt(
    image: Path,
    *,
    out: Path | None,
    key_out: Path | None,
    receipt: Path | None,
    purity: str,
    layout: str,
    regions: list[str],
    locks: Locks,
    force: bool,
    as_json: bool,
) -> None:
    locks.check()
    redacted = _regions(regions, layout)
    for path in (image, out, key_out, receipt):
        _demand_name(path)
    target = out or encrypted_beside(image)
    key_target = key_out or _key_target(target)
    targets = {"the encrypted image": target, "the key file": key_target}
    material = beside(key_target if target == STANDARD else target, materials.SUFFIX)
    material = material if purity == Purity.MAXIMUM else None
    if material is not None:
        targets["the material"] = material
    if receipt is not None:
        targets["the receipt"] = receipt
    check_distinct({"the picture": image, **targets})
    for path in targets.values():
        check_target(path, force=force)
    data = read(image, MAX_BYTES)
    pixels = _examine(data, layout, redacted)
    wraps = locks.wraps()
    with Outputs(force=force) as outputs, watched(f"encrypt {image.name}") as sink, quiet_libraries():
        encrypted = _encrypt(
            data,
            None if image == STANDARD else image.name,
            pixels=pixels,
            purity=purity,
            layout=layout,
            regions=redacted,
            wraps=wraps,
            sink=sink,
        )
        outputs.write(key_target, memoryview(encrypted.key_file_bytes), mode=PRIVATE)
        if receipt is not None:
            outputs.write(receipt, memoryview(_unsigned_receipt(encrypted)))
        advance = _storing(sink, encrypted.png.nbytes + (encrypted.material.nbytes if encrypted.material else 0))
        if material is not None and encrypted.material is not None:
            outputs.write(material, encrypted.material, progress=advance)
        outputs.write(target, encrypted.png.cast("B"), progress=advance)
    _warn(encrypted, key_target, plain=locks.plain)
    made = summaries.Made(target, key_target, material if encrypted.material else None, locks.custody)
    summaries.show_encrypted(encrypted, made, as_json=as_json)


def _key_target(target: Path) -> Path:
    if target == STANDARD:
        raise usage("the encrypted image goes to standard output: --key-out names the key file")
    return beside(target, ".qkey")


def _unsigned_receipt(encrypted: "EncryptedImage") -> bytes:
    from shield_core.quantum import receipt as receipts

    digest = hashlib.sha256(encrypted.png).hexdigest()
    return receipts.encode(receipts.seal(encrypted.statement, image_sha256=digest, tag=encrypted.tag))


def _warn(encrypted: "EncryptedImage", key_target: Path, *, plain: bool) -> None:
    _print_warnings(encrypted.warnings)
    if encrypted.statement["degraded"]:
        reason = encrypted.quantum_purity["reason"]
        say(f"warning: {reason}; the system's random bits stand in for what is missing, and the key is as strong")
    if plain:
        say(f"warning: {key_target} holds the key unprotected: anyone who can read it can open the picture")


def _print_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        say(f"warning: {_WARNINGS.get(warning, warning)}")


_WARNINGS = {
    "trailing-data": "bytes follow the end of the picture; the layout `file` keeps them, `pixels` does not",
    "metadata-dropped": "the layout `pixels` does not keep some of the file's metadata",
    "frames-dropped": "the file holds more pictures than the first, and the layout `pixels` keeps only that",
    "end-missing": "the file has no end marker; all of its pixels are there, and decryption returns it unchanged",
    "not-decoded": "the file was not decoded, so damage in it was not noticed; decryption returns it unchanged",
    "not-byte-identical": "the pixels and the kept metadata are the original's, the bytes of the file are not",
    "region-small": "fewer than 4,096 pixels are encrypted: their position and number reveal much of their content",
    "orientation-not-applied": "viewers rotate this picture before they show it, but regions count pixels as they are "
    "stored: check that the right places are encrypted",
}


def decrypt(
    encrypted: Path,
    *,
    key: Path | None,
    material: Path | None,
    header: Path | None,
    out: Path | None,
    keys: Keys,
    force: bool,
    as_json: bool,
) -> None:
    keys.check()
    data = read(encrypted, MAX_ENCRYPTED_BYTES)
    key = key or key_beside(encrypted)
    front = headers.read_given(header)
    material = materials.find(encrypted, data, material, front=front)
    if out is not None:
        inputs = {"the encrypted image": encrypted, "the key file": key}
        more = {"the material": material, "the header": header}
        check_distinct(inputs | {name: path for name, path in more.items() if path} | {"the output": out})
        check_target(out, force=force)
    key_bytes = read(key, keyfile.MAX_BYTES)
    lanes = read(material, MAX_MATERIAL_BYTES) if material else None
    openers = keys.openers(key_bytes)
    with watched(f"decrypt {encrypted.name}") as sink:
        decrypted = _decrypt(data, key_bytes, material=lanes, front=front, openers=openers, sink=sink)
        target = out or encrypted.with_name(writable(decrypted.file_name))
        # A name from inside an encrypted image never replaces a file, not even with --force.
        replaces = force and out is not None
        hint = "--force replaces it" if out is not None else _NAME_IS_FOREIGN
        check_target(target, force=replaces, hint=hint)
        with Outputs(force=replaces) as outputs:
            outputs.write(target, memoryview(decrypted.data), progress=_storing(sink, len(decrypted.data)))
    _print_warnings(decrypted.warnings)
    summaries.show_decrypted(decrypted, target, as_json=as_json)


def inspect(path: Path, *, as_json: bool) -> bool:
    """Print what is visible without a key. Returns whether the framing of the file is intact."""
    from shield_core.encrypted.inspection import inspect as look
    from shield_core.encrypted.inspection import inspect_material as look_at_material
    from shield_core.encrypted.material import MAGIC

    data = read(path, MAX_MATERIAL_BYTES)
    try:
        if recognition.name_of(data) == recognition.KEY_FILE or data.startswith(b"{"):
            found = summaries.describe_key_file(data)
        elif data.startswith(MAGIC):
            found = {"kind": "material"} | look_at_material(data)
        else:
            found = {"kind": "encrypted-image"} | look(data)
    except ShieldError as error:
        # No key was tried, so the common message of failed decryptions would be wrong.
        damaged = error.title == DecryptionError.title
        raise of_core(error, title="The file is not as it was written" if damaged else None) from error
    summaries.show_inspected({"file": str(path)} | found, as_json=as_json)
    return bool(found.get("sound", True))


def _demand_name(path: Path | None) -> None:
    if path is not None and path.name in {"", ".."}:
        raise Failure("file-unreadable", "The file cannot be read", f"{path} is a directory")


def _regions(options: list[str], layout: str) -> "tuple[Region, ...]":
    from shield_core.image.regions import parse_option

    if options and layout == "file":
        raise usage("--region goes with the layout pixels: file encrypts the whole file")
    try:
        return tuple(parse_option(option) for option in options)
    except ShieldError as error:
        raise usage(f"--region: {error}") from error


def _examine(data: bytes, layout: str, regions: "Sequence[Region]") -> int:
    """Check the picture before a password is asked for and the simulator is loaded. Returns the number of pixels.

    Raises:
        Failure: the picture, its layout or its regions are not accepted.
    """
    from shield_core.image.intake import survey
    from shield_core.image.payload import Layout, choose
    from shield_core.image.regions import normalize

    try:
        walk = survey(data)
        choose(walk, Layout(layout), regions)
        if regions:
            normalize(regions, width=walk.facts.width, height=walk.facts.height)
    except ShieldError as error:
        raise of_core(error) from error
    return walk.facts.width * walk.facts.height


def _threads(pixels: int) -> int:
    return 2 if pixels > _THREADS_PAY and (os.cpu_count() or 1) > 1 else 1


def _encrypt(
    data: bytes,
    name: str | None,
    *,
    pixels: int,
    purity: str,
    layout: str,
    regions: "Sequence[Region]",
    wraps: Sequence[Wrap],
    sink: ProgressSink,
) -> "EncryptedImage":
    from shield_core.image.payload import Layout
    from shield_core.pipeline import encrypt_image
    from shield_core.quantum.aer import AerSource
    from shield_core.quantum.pool import BitPool

    try:
        source = AerSource()
        return encrypt_image(
            data,
            source=source,
            pool=BitPool(source) if purity == Purity.FAST else None,
            wraps=wraps,
            purity=Purity(purity),
            layout=Layout(layout),
            regions=regions,
            file_name=harmless_name(name),
            progress=sink,
            threads=_threads(pixels),
        )
    except ShieldError as error:
        raise of_core(error) from error


def _decrypt(
    data: bytes,
    key_bytes: bytes,
    *,
    material: bytes | None,
    front: bytes | None,
    openers: list[Opener],
    sink: ProgressSink,
) -> "DecryptedImage":
    from shield_core.pipeline import decrypt_image

    try:
        threads = _threads(len(data) // 3)
        return decrypt_image(
            data, key_bytes, openers=openers, material=material, detached=front, progress=sink, threads=threads
        )
    except ShieldError as error:
        raise of_core(error) from error


def _storing(sink: ProgressSink, total: int) -> Any:
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        sink(Progress(Stage.STORING, done, total))

    return advance
