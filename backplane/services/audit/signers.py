"""The keys that sign audit checkpoints, kept in the vault like those of receipts, with published public keys."""

from backplane.vault import LocalVault
from shield_core.audit.checkpoints import USE, Signer
from shield_core.keys import jwk
from shield_core.keys.jwk import PublicKey


class CheckpointKeys:
    """Checkpoint keys of the vault. Every call reads the vault, so that a rotation needs no restart."""

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault

    def signer(self) -> Signer:
        """Return the current signer; the first caller makes its key."""
        return self._signers()[-1]

    def trusted(self) -> dict[str, PublicKey]:
        """Return all public keys by their thumbprints."""
        return {key.kid: key for key in self._publics()}

    def public_keys(self) -> list[dict[str, str]]:
        """Return all public keys, of past signers too, newest first, as JWKs; none before the first checkpoint."""
        return jwk.write(reversed(self._publics()), use=USE)

    def rotate(self) -> Signer:
        """Make a new key, which signs from now on; the old ones stay published."""
        self._vault.add_audit_seed(after=len(self._signers()))
        return self.signer()

    def _publics(self) -> list[PublicKey]:
        return [Signer.from_seed(seed).public_key for seed in self._vault.audit_seeds()]

    def _signers(self) -> list[Signer]:
        seeds = self._vault.audit_seeds()
        if not seeds:
            self._vault.require()
            self._vault.add_audit_seed(after=0)
            seeds = self._vault.audit_seeds()
        return [Signer.from_seed(seed) for seed in seeds]
