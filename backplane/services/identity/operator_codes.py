"""The one-time code of the first operator, which `imageshield up` prints.

The person who reads the terminal of the installation becomes its operator, and not the first visitor of its page.
"""

from backplane.db.repositories import users
from backplane.db.session import Database, Session
from backplane.errors.users import LinkExpired, LinkUnknown, LinkUsed, OperatorCodeInvalid
from backplane.services.identity.one_time_tokens import OPERATOR, OneTimeTokens
from backplane.vault import LocalVault


class OperatorCodes:
    def __init__(self, database: Database, vault: LocalVault) -> None:
        self._database = database
        self._tokens = OneTimeTokens(vault)
        self._any_operator = False

    async def any_operator(self) -> bool:
        """Return whether there is an operator. The answer "yes" is kept: pages ask at every visit."""
        if not self._any_operator:
            async with self._database.reading() as session:
                self._any_operator = await users.any_operator(session)
        return self._any_operator

    async def issue(self) -> str | None:
        """Make a code, which replaces an earlier one; None if there is an operator."""
        async with self._database.transaction() as session:
            if await users.any_operator(session):
                return None
            await self._tokens.revoke(session, OPERATOR, None)
            return await self._tokens.issue(session, OPERATOR, None)

    async def spend(self, session: Session, code: str) -> None:
        """Use the code in the transaction that makes the operator.

        Raises:
            OperatorCodeInvalid: it is not valid, or there is an operator.
        """
        try:
            await self._tokens.spend(session, OPERATOR, code)
        except (LinkUnknown, LinkUsed, LinkExpired) as error:
            raise OperatorCodeInvalid("Use the code that the last start has printed") from error
        if await users.any_operator(session):
            raise OperatorCodeInvalid("There is an operator: `imageshield admin create-operator` makes another one")
