"""The rules on the audit trail, as data. Each says what happened, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Severity = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Words:
    """`what` may name `count` and the facts of an event; `advice` is one sentence that says what to do."""

    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    severity: Severity
    words: Mapping[str, Words]
    """By variant; most rules have one, the empty name."""
    actions: str
    """The beginning of the actions in the trail that tell more."""
    for_operators: bool = False
    """It concerns the installation, and not one account."""

    @property
    def setting(self) -> str:
        return f"security_{self.name}"

    def what(self, count: int, facts: Mapping[str, Any]) -> str:
        return self._words(facts).what.format(**{**facts, "count": f"{count:,}"})

    def advice(self, facts: Mapping[str, Any]) -> str:
        return self._words(facts).advice

    def _words(self, facts: Mapping[str, Any]) -> Words:
        return self.words[facts.get("variant", "")]


def _one(what: str, advice: str) -> Mapping[str, Words]:
    return {"": Words(what, advice)}


FAILED_LOG_INS: Final = Rule(
    "failed_log_ins",
    "medium",
    _one(
        "{count} failed log-ins of one user in a short time",
        "If this was not you, choose a new password and add a passkey or an authenticator app.",
    ),
    "account.",
)
FAILED_LOG_INS_BY_ADDRESS: Final = Rule(
    "failed_log_ins_by_address",
    "high",
    _one(
        "{count} failed log-ins from one address in a short time",
        "If the address is not one of your own networks, block it at the proxy or the firewall.",
    ),
    "account.login",
    for_operators=True,
)
FAILED_UNLOCKS: Final = Rule(
    "failed_unlocks",
    "medium",
    _one(
        "{count} decryptions with a wrong password or key file in a short time",
        "If nobody of you did this, end the login session or revoke the API key that the audit trail names.",
    ),
    "image.decrypt",
)
NEW_NETWORK: Final = Rule(
    "new_network",
    "high",
    {
        "failures": Words(
            "A log-in from a new network with a new device, after {failures} failed ones",
            "If this was not you, end all login sessions and choose a new password.",
        ),
        "change": Words(
            "A log-in from a new network with a new device, and then a changed credential or an export of older keys",
            "If this was not you, end all login sessions, choose a new password, and undo what was changed.",
        ),
        "api_key": Words(
            "An API key was used from a new network",
            "If its program has not moved, revoke the key, and give the next one a list of allowed addresses.",
        ),
    },
    "",
)
MASS_DOWNLOAD: Final = Rule(
    "mass_download",
    "high",
    _one(
        "{count} older files were fetched in a short time, far more than usual",
        "If you do not expect this, end the login session or revoke the API key that fetched them.",
    ),
    "result.downloaded",
)
ID_SCRAPING: Final = Rule(
    "id_scraping",
    "medium",
    _one(
        "{count} requests for ids that do not exist, in a short time",
        "If this is not a program of yours with an old list, end its login session or revoke its API key.",
    ),
    "ids.not_found",
)
DORMANT_API_KEY: Final = Rule(
    "dormant_api_key",
    "medium",
    _one("An API key was used after {days} days without use", "If you do not know the program, revoke the key."),
    "api_key.",
)
PRIVILEGE_CHANGE: Final = Rule(
    "privilege_change",
    "medium",
    {
        "role": Words(
            "A member became {role} of the account",
            "If you do not expect this, lower the role, and ask the user who raised it.",
        ),
        "factor": Words(
            "A user removed the last second factor",
            "If this was not you, end all login sessions, choose a new password, and add a factor.",
        ),
        "reset": Words(
            "An operator reset the second factors of a user",
            "If you did not ask for this, choose a new password, add a factor, and ask your operator.",
        ),
        "operator": Words(
            "A user became an operator",
            "If you do not expect this, take the right away, and look at what the user did since.",
        ),
    },
    "",
)

RULES: Final[Mapping[str, Rule]] = {
    rule.name: rule
    for rule in (
        FAILED_LOG_INS,
        FAILED_LOG_INS_BY_ADDRESS,
        FAILED_UNLOCKS,
        NEW_NETWORK,
        MASS_DOWNLOAD,
        ID_SCRAPING,
        DORMANT_API_KEY,
        PRIVILEGE_CHANGE,
    )
}
