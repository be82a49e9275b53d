"""The entropy source of a worker: the settings choose it, and the worker refuses to start if it is not available.

A device that fails later stops nothing: images are encrypted without it and labeled `degraded`.
"""

from collections.abc import Callable
from importlib.util import find_spec

from pydantic import SecretStr

from backplane.settings import Settings
from shield_core.errors import SourceFailed
from shield_core.quantum.aer import AerSource, import_simulator
from shield_core.quantum.ibm import IbmRuntimeSource, RuntimeSampler
from shield_core.quantum.noisy import NoisyAerSource
from shield_core.quantum.pool import BitPool
from shield_core.quantum.qrng import HttpQrngSource
from shield_core.quantum.sources import EntropySource, OsSource

POOL_BITS = 1 << 20
DEAR_POOL_BITS = 1 << 16
"""Enough for sixteen images. Bits that pass an extractor are slow or paid for, and bits left in the pool are lost at
exit."""

NEEDED = {"ibm": ("ibm_quantum_token", "ibm_quantum_backend")}
PACKAGES = {
    "aer": ("qiskit_aer", "worker"),
    "noisy-aer": ("qiskit_ibm_runtime", "ibm"),
    "ibm": ("qiskit_ibm_runtime", "ibm"),
    "qrng": ("httpx", "qrng"),
}


class SourceRefused(Exception):
    """The settings ask for a source that is not available in this installation."""


def check_source(settings: Settings) -> None:
    """Check that the chosen source can be made, without making a simulator and without using the network.

    Raises:
        SourceRefused: the message says what to do.
    """
    chosen = settings.entropy_source
    missing = [name.upper() for name in NEEDED.get(chosen, ()) if not _plain(getattr(settings, name))]
    if missing:
        raise SourceRefused(f"ENTROPY_SOURCE is {chosen}, which needs {' and '.join(missing)}")
    package, extra = PACKAGES.get(chosen, ("shield_core", ""))
    if find_spec(package) is None:
        raise SourceRefused(f"ENTROPY_SOURCE is {chosen}, which needs the package imageshield[{extra}]")
    if chosen in {"ibm", "qrng"}:
        make_source(settings)


def make_source(settings: Settings) -> EntropySource:
    """Make the chosen source, in the process that will use it.

    Raises:
        SourceRefused: the source cannot be made; the message repeats no credential.
    """
    try:
        return MAKERS[settings.entropy_source](settings)
    except (SourceFailed, ValueError) as error:
        raise SourceRefused(f"ENTROPY_SOURCE is {settings.entropy_source}, and {error}") from None


def make_pool(source: EntropySource, settings: Settings) -> BitPool:
    """Make the pool for `fast`, with the size of the settings."""
    usual = DEAR_POOL_BITS if hasattr(source, "min_entropy_per_bit") else POOL_BITS
    return BitPool(source, capacity_bits=settings.entropy_pool_bits or usual)


def preload_source(settings: Settings) -> None:
    """Import in the parent the code that every child needs."""
    if settings.entropy_source in {"aer", "noisy-aer"}:
        import_simulator()


def _ibm(settings: Settings) -> EntropySource:
    sampler = RuntimeSampler(
        settings.ibm_quantum_backend or "",
        token=_plain(settings.ibm_quantum_token),
        instance=_plain(settings.ibm_quantum_instance),
    )
    return IbmRuntimeSource(sampler, deadline_seconds=settings.entropy_deadline_seconds)


def _qrng(settings: Settings) -> EntropySource:
    return HttpQrngSource(
        settings.qrng_url,
        api_key=_plain(settings.qrng_api_key),
        deadline_seconds=settings.entropy_deadline_seconds,
    )


MAKERS: dict[str, Callable[[Settings], EntropySource]] = {
    "aer": lambda _: AerSource(),
    "noisy-aer": lambda settings: NoisyAerSource(settings.noisy_aer_backend),
    "ibm": _ibm,
    "qrng": _qrng,
    "os": lambda _: OsSource(),
}


def _plain(value: SecretStr | str | None) -> str | None:
    """Return the value as text; None for an empty variable."""
    return (value.get_secret_value() if isinstance(value, SecretStr) else value) or None
