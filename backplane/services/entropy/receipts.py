"""The keys that sign receipts, with published public keys. docs/reference/receipts.md, "Keys"."""

from backplane.vault import LocalVault
from shield_core.keys import jwk
from shield_core.quantum.receipt import SEED_SIZE, USE, Signer


class Receipts:
    """Receipt keys of the vault. Every call reads the vault, so that a rotation needs no restart."""

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault

    def signer(self) -> Signer:
        """Return the current signer; the first caller makes its key."""
        seed = self._vault.newest_receipt_seed()
        return self._signers()[-1] if seed is None else _of(seed)

    def public_keys(self) -> list[dict[str, str]]:
        """Return all public keys, of past signers too, newest first, as JWKs."""
        return [key for signer in reversed(self._signers()) for key in jwk.write(signer.public_keys, use=USE)]

    def rotate(self, *, ml_dsa_65: bool | None = None) -> Signer:
        """Make a new key, which signs from now on; the old ones stay published.

        `ml_dsa_65` says whether it also signs with ML-DSA-65; None keeps it as it is.
        """
        signers = self._signers()
        twofold = signers[-1].ml_dsa_65 is not None if ml_dsa_65 is None else ml_dsa_65
        self._vault.add_receipt_seed(SEED_SIZE * (1 + twofold), after=len(signers))
        return self.signer()

    def _signers(self) -> list[Signer]:
        seeds = self._vault.receipt_seeds()
        if not seeds:
            self._vault.add_receipt_seed(SEED_SIZE, after=0)
            seeds = self._vault.receipt_seeds()
        return [_of(seed) for seed in seeds]


def _of(seed: bytes) -> Signer:
    return Signer.from_seeds(seed[:SEED_SIZE], seed[SEED_SIZE:] or None)
