"""Pictures: encrypt, decrypt, measure, and fetch what was made."""

from dataclasses import dataclass
from typing import Self

from backplane.services.jobs.submissions import Submissions
from backplane.services.pictures.analyses import Analyses
from backplane.services.pictures.decryptions import Decryptions
from backplane.services.pictures.encryptions import Encryptions
from backplane.services.pictures.measurements import Measurements
from backplane.services.pictures.results import Results
from backplane.services.sealing.derivations import Derivations
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.settings import Settings
from backplane.wiring.resources import Resources
from shield_core.keys.passphrase import WorkLimit


@dataclass(frozen=True, slots=True)
class PictureServices:
    encryptions: Encryptions
    decryptions: Decryptions
    measurements: Measurements
    analyses: Analyses
    results: Results

    @classmethod
    def wire(
        cls, resources: Resources, submissions: Submissions, passphrases: PassphrasePool, derivations: Derivations
    ) -> Self:
        database, store, vault = resources.database, resources.store, resources.vault
        return cls(
            encryptions=Encryptions(submissions, passphrases),
            decryptions=Decryptions(database, submissions, derivations, _foreign_limit(resources.settings)),
            measurements=Measurements(submissions),
            analyses=Analyses(database, store, vault),
            results=Results(database, store, vault),
        )


def _foreign_limit(settings: Settings) -> WorkLimit:
    return WorkLimit(
        m_kib=settings.foreign_kdf_memory_kib,
        cost_kib=settings.foreign_kdf_cost_kib,
        iterations=settings.foreign_kdf_iterations,
    )
