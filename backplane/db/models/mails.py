"""Tables of waiting and sent mails, and of the categories that users chose."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Mail(Base):
    """One mail. Its recipient and its text are sealed: links in it log in or set a password."""

    __tablename__ = "mails"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Null if the recipient has no user: an invited person, or one whose account was erased."""
    kind: Mapped[str]
    once: Mapped[str | None]
    """The occasion of a mail that a user gets once for it, such as the period of a limit."""
    awaited: Mapped[bool]
    """Whether somebody waits for it in front of a page: these are sent first."""
    message_id: Mapped[str]
    """The header Message-ID, the same at every attempt: mail systems recognize a repeated mail by it."""
    sealed: Mapped[bytes | None]
    """Null once the mail has been sent or given up."""
    status: Mapped[str] = mapped_column(server_default="pending")
    """`dropped` was never meant to be sent: the act had to take as long as one that sends."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    """The number of the last attempt is the fencing token of its sender."""
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When to send; during an attempt, when to consider its sender dead."""
    expires_at: Mapped[datetime]
    """When to give it up."""
    outcome: Mapped[str | None]
    """What became of the last attempt."""
    status_code: Mapped[int | None]
    """The reply code of the mail server at the last attempt."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    ended_at: Mapped[datetime | None]
    """When it was sent or given up."""

    __table_args__ = (
        CheckConstraint("status IN ('pending', 'sending', 'sent', 'dead', 'dropped')", name="status"),
        Index("ix_mails_user_id", "user_id"),
        Index("uq_mails_once", "user_id", "kind", "once", unique=True, postgresql_where=text("once IS NOT NULL")),
        Index(
            "ix_mails_unfinished",
            text("awaited DESC"),
            "due_at",
            postgresql_where=text("status IN ('pending', 'sending')"),
        ),
        Index("ix_mails_dead", "ended_at", postgresql_where=text("status = 'dead'")),
    )


class MailChoice(Base):
    """Whether a user wants the mails of a category. Without a row the category's default applies."""

    __tablename__ = "mail_choices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    wanted: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
