"""Who can open: what the command line says of passwords, recipients and secret keys, as wraps and openers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from imageshield.terminal import passwords
from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.inputs import called, file, reading
from imageshield.terminal.reporting import say
from shield_core.errors import ShieldError
from shield_core.keys import keyfile
from shield_core.keys.keyfile import KeyFile
from shield_core.keys.passphrase import Kdf, WorkLimit
from shield_core.keys.recipients import (
    PUBLIC_PREFIX,
    SECRET_PREFIX,
    PublicKey,
    RecipientOpen,
    RecipientUnfit,
    RecipientWrap,
    SecretKey,
)
from shield_core.keys.stanzas import MAX_STANZAS, Opener, PassphraseOpen, PassphraseWrap, PlainOpen, PlainWrap, Wrap
from shield_core.recognition import BYTE_ORDER_MARK

MAX_KEYS_FILE: Final = 65_536
"""Bytes of a file of keys: more than twenty public keys with comments, and an end for /dev/zero."""

MAX_NAME: Final = 1024
"""Characters: what is longer, and a public key is, was hardly meant to be a file's name, and is not repeated."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")

Key = TypeVar("Key", PublicKey, SecretKey)


@dataclass(frozen=True, slots=True)
class Locks:
    """Who is to open what is encrypted."""

    file: Path | None = None
    descriptor: int | None = None
    plain: bool = False
    recipients: Sequence[str] = ()
    fips: bool = False
    prefix: str = "--"
    """What stands in front of `password-file`: the password that locks may have to differ from the one that opens."""

    def check(self) -> None:
        secret = f"{self.prefix}password-file and {self.prefix}password-fd"
        if sum([self.file is not None, self.descriptor is not None, self.plain]) > 1:
            raise usage(f"{secret.replace(' and', ',')} and --plain-key exclude each other")
        if self.plain and self.recipients:
            raise usage("--recipient protects nothing beside --plain-key")
        if self.fips and (self.plain or (self.recipients and not self.has_password)):
            raise usage("--fips is about a password, and there is none")

    @property
    def has_password(self) -> bool:
        return self.file is not None or self.descriptor is not None

    @property
    def custody(self) -> str:
        if self.plain:
            return "plain"
        return "recipient" if self.recipients and not self.has_password else "passphrase"

    def wraps(self) -> list[Wrap]:
        """Read recipients and password; ask a person for a password where nothing else locks."""
        if self.plain:
            return [PlainWrap()]
        publics = list(dict.fromkeys(key for text in self.recipients for key in read_recipients(text)))
        if len(publics) + (self.custody == "passphrase") > MAX_STANZAS:
            raise usage(f"a key file opens in at most {MAX_STANZAS} ways, recipients and password together")
        wraps: list[Wrap] = [RecipientWrap(public) for public in publics]
        return wraps if self.custody == "recipient" else [self._passphrase_wrap(), *wraps]

    def _passphrase_wrap(self) -> Wrap:
        passphrase = passwords.given_new(self.file, self.descriptor)
        if passphrase is None:
            ways = f"{self.prefix}password-file, {self.prefix}password-fd, --recipient or --plain-key"
            passphrase = passwords.ask_new(f"without a terminal to ask on, {ways} is needed")
        return PassphraseWrap.from_passphrase(passphrase, Kdf.new(fips=self.fips))


@dataclass(frozen=True, slots=True)
class Keys:
    """What is there to open a key file with."""

    file: Path | None = None
    descriptor: int | None = None
    identities: Sequence[Path] = field(default=(), repr=False)

    def check(self) -> None:
        if self.file is not None and self.descriptor is not None:
            raise usage("--password-file and --password-fd exclude each other")

    def openers(self, key_bytes: bytes) -> list[Opener]:
        """Do what `openers_of` does for a key file as it stands; of one that is none nothing opens."""
        try:
            parsed = keyfile.parse(key_bytes)
        except ShieldError:
            self._secrets()
            return []  # the pipeline refuses it, after what comes first in the order of docs/reference/format.md
        return self.openers_of(parsed)

    def openers_of(self, parsed: KeyFile) -> list[Opener]:
        """Read secret keys and password; ask a person for a password where the key file wants one and none is given."""
        secrets = self._secrets()
        passphrases = passwords.given(self.file, self.descriptor)
        if passphrases is None and not secrets:
            passphrases = _ask_for(parsed)
        kdf = keyfile.passphrase_kdf(parsed)
        if passphrases and kdf is not None and not WorkLimit().allows(kdf):
            say(f"this key file asks for {kdf.work}")
        by_password = map(PassphraseOpen.from_passphrase, passphrases or ())
        return [PlainOpen(), *map(RecipientOpen, secrets), *by_password]

    def _secrets(self) -> list[SecretKey]:
        return [secret for path in self.identities for secret in read_identities(path)]


def read_recipients(text: str) -> list[PublicKey]:
    """Read a public key as it stands in the command line, or all of a file: its name, or @ and its name."""
    if text.startswith((PUBLIC_PREFIX, SECRET_PREFIX)):
        return [_parse(PublicKey.parse, text, "--recipient")]
    if len(text) > MAX_NAME:
        raise _unfit(f"--recipient is neither the name of a file nor a public key, which begins with {PUBLIC_PREFIX}")
    return _read_keys(file(text.removeprefix("@")), PublicKey.parse)


def read_identities(path: Path) -> list[SecretKey]:
    """Read all secret keys of a file."""
    return _read_keys(path, SecretKey.parse)


def _ask_for(parsed: KeyFile) -> tuple[str, ...] | None:
    if keyfile.passphrase_kdf(parsed) is not None:
        hint = "the key file wants a password: without a terminal to ask on, --password-file or --password-fd is needed"
        return passwords.ask(hint)
    if any(stanza["type"] == "recipient" for stanza in parsed.stanzas):
        raise usage("the key file was made for recipients: --identity with the file of your secret key is needed")
    return None


def _read_keys(path: Path, parse: Callable[[str], Key]) -> list[Key]:
    lines = _read_text(path).splitlines()
    keys = [
        _parse(parse, line.strip(), f"{called(path)}, line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]
    if not keys:
        raise _unfit(f"{called(path)} holds no key")
    return keys


def _read_text(path: Path) -> str:
    with reading(path) as file:
        data = file.read(MAX_KEYS_FILE + 1)
    if len(data) > MAX_KEYS_FILE:
        raise _unfit(f"{called(path)} has more than {MAX_KEYS_FILE:,} bytes, so it is no file of keys")
    if data.startswith(_UTF_16):
        raise _unfit(f"{called(path)} was saved as UTF-16: save it as UTF-8")
    try:
        return data.removeprefix(BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError:
        # Not chained: that error carries the file.
        raise _unfit(f"{called(path)} is no text, so it is no file of keys") from None


def _parse(parse: Callable[[str], Key], text: str, place: str) -> Key:
    try:
        return parse(text)
    except RecipientUnfit as error:
        raise _unfit(f"{place}: {error}") from None


def _unfit(detail: str) -> Failure:
    return Failure("validation-failed", "The key does not do", detail)
