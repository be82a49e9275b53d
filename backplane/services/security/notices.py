"""What follows a security event, in its transaction: the row, messages to webhooks, and mails."""

from typing import Final
from uuid import UUID

from backplane import ids
from backplane.db.models import SecurityEvent, User
from backplane.db.repositories import security_events, users
from backplane.db.session import Session
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.services.mail.values import moment
from backplane.services.security.alarms import Alarm
from backplane.services.security.facts import SecurityEventFacts
from backplane.services.webhooks import events as webhook_events

PAGE: Final = "/audit"
PAGE_OF_INSTALLATION: Final = "/audit?chain=system"
RECIPIENTS: Final = 20
"""Owners or operators who get a mail."""


class SecurityNotices:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def raise_event(self, session: Session, alarm: Alarm) -> bool:
        """Write a new security event, and tell whom it concerns; False if its account is gone."""
        account_id, user_id = alarm.finding.account_id, alarm.finding.user_id
        if account_id is not None and not await security_events.is_there(session, account_id):
            return False
        event = SecurityEvent(
            id=ids.new(),
            account_id=account_id,
            user_id=user_id,
            rule=alarm.rule.name,
            subject=alarm.subject,
            severity=alarm.rule.severity,
            count=alarm.finding.count,
            facts=dict(alarm.finding.facts),
            first_at=alarm.first_at,
            last_at=alarm.last_at,
        )
        await security_events.add(session, event)
        await self._tell(session, SecurityEventFacts.of(event))
        return True

    async def _tell(self, session: Session, facts: SecurityEventFacts) -> None:
        if facts.account_id is None:
            operators = await security_events.operators(session, limit=RECIPIENTS)
            # An operator subscribes in the personal account, which has the id of the user.
            accounts = [user.id for user in operators]
            # The first operator of an installation need not read that there is one.
            people = [user for user in operators if user.id != facts.user_id]
        else:
            people = await security_events.owners(session, facts.account_id, limit=RECIPIENTS)
            people += await self._concerned(session, facts.user_id, people)
            accounts = [facts.account_id]
        for account_id in accounts:
            await webhook_events.add_security(session, account_id, facts.rule, facts.id, facts.message())
        for user in people:
            await self._mail(session, user, facts)

    async def _concerned(self, session: Session, user_id: UUID | None, told: list[User]) -> list[User]:
        user = None if user_id is None else await users.by_id(session, user_id)
        return [] if user is None or user.id in {one.id for one in told} else [user]

    async def _mail(self, session: Session, user: User, facts: SecurityEventFacts) -> None:
        """Send at most one mail a day for each rule and account."""
        account = facts.account_id.hex if facts.account_id is not None else "installation"
        await self._mails.send(
            session,
            Recipient(user.email, user.id),
            "security-event",
            once=f"{facts.rule} {account} {facts.first_at:%Y-%m-%d}",
            time=moment(facts.first_at),
            what=facts.what,
            advice=facts.advice,
            audit=self._mails.page(PAGE_OF_INSTALLATION) if facts.account_id is None else self._mails.page(PAGE),
        )
