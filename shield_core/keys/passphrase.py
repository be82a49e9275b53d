"""Derivation of a wrap key from a passphrase, with a capped cost, because a hostile key file names the parameters.

Argon2id (RFC 9106), or PBKDF2-HMAC-SHA-256 (RFC 8018) for users who may use nothing else.
"""

import os
import threading
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical

SALT_SIZE: Final = 16
WRAP_KEY_SIZE: Final = 32

MIN_PASSPHRASE: Final = 12
MAX_PASSPHRASE: Final = 1024
"""Bytes after normalization. The lower bound is for new wraps only; the upper bound limits the hashed input."""

DEFAULT_M_KIB: Final = 65_536
DEFAULT_T: Final = 3
DEFAULT_ITERATIONS: Final = 600_000

MAX_COST_KIB: Final = 4 * 1024 * 1024
"""m·t: at most 4 GiB of memory written, a few seconds of one core."""


ARGON2_AT_ONCE: Final = threading.Lock()
"""Two derivations with several lanes at the same time wait for each other's threads forever: OpenSSL 4.0.3, in
cryptography 50. A single derivation uses all cores, so running them one after the other is not slower."""


_BYTE_ORDER_MARK: Final = "\ufeff"


class PassphraseUnfit(ValueError):
    """A passphrase is too short or too long to encrypt with; the message never quotes it."""


class Kdf(ABC):
    """The algorithm, salt and cost of a stanza, always within the caps; they are authenticated with the stanza."""

    __slots__ = ()

    NAME: ClassVar[str]
    COSTS: ClassVar[Mapping[str, range]]
    """The parameters by their names in a key file, each with its accepted values."""

    salt: bytes

    @staticmethod
    def new(*, fips: bool = False) -> "Kdf":
        """Return default parameters with a new salt; every wrap needs its own.

        Args:
            fips: Use PBKDF2-HMAC-SHA-256, which modules validated under FIPS 140 offer, instead of Argon2id.
        """
        salt = os.urandom(SALT_SIZE)
        return Pbkdf2(salt) if fips else Argon2(salt)

    @staticmethod
    def from_json(value: object) -> "Kdf":
        """Read the object of a stanza.

        Raises:
            KeyFileInvalid: another algorithm, a missing or additional key, or a parameter outside its cap; it is raised
                before anything is derived.
        """
        if not isinstance(value, dict):
            raise KeyFileInvalid("The passphrase parameters are no object")
        for kind in (Argon2, Pbkdf2):
            if value.get("name") == kind.NAME:
                return _read(kind, value)
        raise KeyFileInvalid(f"A passphrase is derived with {Argon2.NAME} or {Pbkdf2.NAME}")

    def to_json(self) -> dict[str, Any]:
        """Return the object for a stanza."""
        costs = {name: getattr(self, name) for name in self.COSTS}
        return {"name": self.NAME, "salt_b64": canonical.b64encode(self.salt)} | costs

    @property
    @abstractmethod
    def work(self) -> str:
        """The cost of a derivation in words: "64 MiB of memory and 3 passes"."""

    @abstractmethod
    def derive(self, password: bytes) -> bytes:
        """Derive 32 bytes from an encoded password."""

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_SIZE:
            raise KeyFileInvalid("The passphrase salt has 16 bytes")
        for name, accepted in self.COSTS.items():
            value = getattr(self, name)
            if type(value) is not int or value not in accepted:
                raise KeyFileInvalid("A passphrase parameter is outside its cap")


@dataclass(frozen=True, slots=True)
class Argon2(Kdf):
    """Argon2id, version 0x13.

    The defaults are the second recommended option of RFC 9106, section 4: 64 MiB, three passes, four lanes, 16 bytes of
    salt. It takes 0.1 to 0.4 s.

    Raises:
        KeyFileInvalid: a parameter outside its cap, before anything is derived.
    """

    NAME: ClassVar[str] = "argon2id"
    COSTS: ClassVar[Mapping[str, range]] = {
        # From OWASP's minimum to 1 GiB, so that a key file cannot use all of a worker's memory.
        "m_kib": range(19_456, 1_048_576 + 1),
        "t": range(1, 10 + 1),
        "p": range(1, 16 + 1),
    }

    salt: bytes
    m_kib: int = DEFAULT_M_KIB
    t: int = DEFAULT_T
    p: int = 4

    def __post_init__(self) -> None:
        Kdf.__post_init__(self)  # super() without arguments does not find the class that slots=True creates
        if self.m_kib * self.t > MAX_COST_KIB:
            raise KeyFileInvalid("The passphrase parameters cost too much")

    @property
    def work(self) -> str:
        """Memory and passes."""
        memory = f"{self.m_kib >> 20} GiB" if self.m_kib % (1 << 20) == 0 else f"{self.m_kib / 1024:,.0f} MiB"
        return f"{memory} of memory and {self.t} {'pass' if self.t == 1 else 'passes'}"

    def derive(self, password: bytes) -> bytes:
        """Derive 32 bytes (RFC 9106), one at a time in a process; releases the interpreter's lock."""
        argon2 = Argon2id(salt=self.salt, length=WRAP_KEY_SIZE, iterations=self.t, lanes=self.p, memory_cost=self.m_kib)
        with ARGON2_AT_ONCE:
            return argon2.derive(password)


@dataclass(frozen=True, slots=True)
class Pbkdf2(Kdf):
    """PBKDF2-HMAC-SHA-256, which graphics cards of an attacker compute far faster than Argon2id.

    The default is OWASP's, 600,000 iterations; ten million take a few seconds of one core.

    Raises:
        KeyFileInvalid: a parameter outside its cap, before anything is derived.
    """

    NAME: ClassVar[str] = "pbkdf2-hmac-sha256"
    COSTS: ClassVar[Mapping[str, range]] = {"iterations": range(600_000, 10_000_000 + 1)}

    salt: bytes
    iterations: int = DEFAULT_ITERATIONS

    @property
    def work(self) -> str:
        """Iterations."""
        return f"{self.iterations:,} iterations"

    def derive(self, password: bytes) -> bytes:
        """Derive 32 bytes (RFC 8018, section 5.2); releases the interpreter's lock."""
        pbkdf2 = PBKDF2HMAC(hashes.SHA256(), length=WRAP_KEY_SIZE, salt=self.salt, iterations=self.iterations)
        return pbkdf2.derive(password)


@dataclass(frozen=True, slots=True)
class WorkLimit:
    """The work that a reader does without asking; by default that of new key files with default parameters.

    `m_kib` bounds Argon2id's memory and `cost_kib` memory times passes, in KiB; `iterations` bounds PBKDF2.
    """

    m_kib: int = DEFAULT_M_KIB
    cost_kib: int = DEFAULT_M_KIB * DEFAULT_T
    iterations: int = DEFAULT_ITERATIONS

    def allows(self, kdf: Kdf) -> bool:
        """Return whether a derivation stays within the limit."""
        if isinstance(kdf, Argon2):
            return kdf.m_kib <= self.m_kib and kdf.m_kib * kdf.t <= self.cost_kib
        return isinstance(kdf, Pbkdf2) and kdf.iterations <= self.iterations


def _read(kind: type[Argon2 | Pbkdf2], value: Mapping[str, Any]) -> Kdf:
    if value.keys() != {"name", "salt_b64", *kind.COSTS}:
        raise KeyFileInvalid("The passphrase parameters are not those of this version")
    try:
        salt = canonical.b64decode(value["salt_b64"])
    except canonical.NotCanonical as error:
        raise KeyFileInvalid("The passphrase salt is not canonical Base64") from error
    return kind(salt, **{name: value[name] for name in kind.COSTS})


def derive_wrap_key(passphrase: str, kdf: Kdf) -> bytes:
    """Derive the key that wraps a file key.

    Args:
        passphrase: Any string; it is normalized to NFC and encoded in UTF-8.
        kdf: Algorithm, salt and cost.

    Returns:
        32 bytes.

    Raises:
        PassphraseUnfit: more than 1024 bytes, or not a sequence of Unicode scalars.
    """
    return kdf.derive(_encoded(passphrase))


def check_new_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that must not be used for encryption.

    Raises:
        PassphraseUnfit: fewer than 12 or more than 1024 bytes of UTF-8 after NFC, a control character (category Cc), or
            not a sequence of Unicode scalars.
    """
    if len(_encoded(passphrase)) < MIN_PASSPHRASE:
        raise PassphraseUnfit("A passphrase has at least 12 bytes")
    if any(unicodedata.category(character) == "Cc" for character in passphrase):
        raise PassphraseUnfit("A passphrase has no control characters, such as tabs and line ends")


def clean(passphrase: str) -> str:
    """Remove what files and forms add to a passphrase: a leading byte order mark, one LF or CRLF at the end."""
    line = passphrase.removeprefix(_BYTE_ORDER_MARK)
    return line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line


def candidates(passphrase: str, *before: str) -> tuple[str, ...]:
    """List the forms of a passphrase that may have been used for encryption, in the order to try them.

    Args:
        passphrase: as the user gave it.
        before: the forms that earlier releases used at the same place, if they are neither cleaned nor unchanged.

    Returns:
        Each form once: cleaned like new passphrases, as earlier releases used it, unchanged. Forms that are too long or
        not Unicode are omitted, because nothing can be encrypted with them.
    """
    return tuple(dict.fromkeys(filter(_fits, (clean(passphrase), *before, passphrase))))


def _fits(passphrase: str) -> bool:
    try:
        _encoded(passphrase)
    except PassphraseUnfit:
        return False
    return True


def _encoded(passphrase: str) -> bytes:
    # No character decomposes into more than four: a longer string cannot shrink to 1024 bytes, so it is not normalized.
    if len(passphrase) > 4 * MAX_PASSPHRASE:
        raise PassphraseUnfit("A passphrase has at most 1024 bytes")
    try:
        data = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError:
        raise PassphraseUnfit("A passphrase is made of Unicode characters") from None
    if len(data) > MAX_PASSPHRASE:
        raise PassphraseUnfit("A passphrase has at most 1024 bytes")
    return data
