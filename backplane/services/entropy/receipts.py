"""The keys that sign receipts, with published public keys. docs/reference/receipts.md, "Keys"."""

import secrets

from backplane.vault import LocalVault
from shield_core.keys import jwk
from shield_core.quantum.receipt import SEED_SIZE, USE, Signer


class Receipts:
    """Receipt keys of the vault. Every call reads the vault, so that a rotation needs no restart."""

    def __init__(self, vault: LocalVault) -> None:
        self._seeds = vault.receipt_seeds

    def signer(self) -> Signer:
        """Return the current signer; the first caller makes its key."""
        numbers = self._seeds.numbers()
        return _of(self._seeds.read(numbers[-1])) if numbers else self._signers()[-1]

    def public_keys(self) -> list[dict[str, str]]:
        """Return all public keys, of past signers too, newest first, as JWKs."""
        return [key for signer in reversed(self._signers()) for key in jwk.write(signer.public_keys, use=USE)]

    def rotate(self, *, ml_dsa_65: bool | None = None) -> Signer:
        """Make a new key, which signs from now on; the old ones stay published.

        `ml_dsa_65` says whether it also signs with ML-DSA-65; None keeps it as it is.
        """
        before, last = self.signer(), self._seeds.last
        twofold = before.ml_dsa_65 is not None if ml_dsa_65 is None else ml_dsa_65
        self._seeds.add(secrets.token_bytes(SEED_SIZE * (1 + twofold)), after=last)
        return self.signer()

    def _signers(self) -> list[Signer]:
        if not self._seeds.numbers():
            self._seeds.add(secrets.token_bytes(SEED_SIZE), after=0)
        return [_of(self._seeds.read(number)) for number in self._seeds.numbers()]


def _of(seed: bytes) -> Signer:
    return Signer.from_seeds(seed[:SEED_SIZE], seed[SEED_SIZE:] or None)
