"""The keys that sign audit checkpoints, kept in the vault like those of receipts, with published public keys."""

import secrets

from backplane.vault import LocalVault
from shield_core.audit.checkpoints import SEED_SIZE, USE, Signer
from shield_core.keys import jwk
from shield_core.keys.jwk import PublicKey


class CheckpointKeys:
    """Checkpoint keys of the vault. Every call reads the vault, so that a rotation needs no restart."""

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault
        self._seeds = vault.audit_seeds

    def signer(self) -> Signer:
        """Return the current signer; the first caller makes its key.

        Raises:
            Unavailable: the vault is not there, where a new key would be lost.
        """
        if not self._seeds.numbers():
            self._vault.require()
            self._add(after=0)
        return Signer.from_seed(self._seeds.read(self._seeds.last))

    def trusted(self) -> dict[str, PublicKey]:
        """Return all public keys by their thumbprints."""
        return {key.kid: key for key in self._publics()}

    def public_keys(self) -> list[dict[str, str]]:
        """Return all public keys, of past signers too, newest first, as JWKs; none before the first checkpoint."""
        return jwk.write(reversed(self._publics()), use=USE)

    def rotate(self) -> Signer:
        """Make a new key, which signs from now on; the old ones stay published."""
        self.signer()
        self._add(after=self._seeds.last)
        return self.signer()

    def _publics(self) -> list[PublicKey]:
        return [Signer.from_seed(self._seeds.read(number)).public_key for number in self._seeds.numbers()]

    def _add(self, *, after: int) -> None:
        self._seeds.add(secrets.token_bytes(SEED_SIZE), after=after)
