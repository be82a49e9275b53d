"""Tables of second factors, and of the devices that users log in on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, false, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class OneTimePassword(Base):
    """The secret of a user's authenticator app; before its confirmation it is no factor."""

    __tablename__ = "one_time_passwords"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes]
    """Sealed under the key of the personal account."""
    last_step: Mapped[int | None]
    """The newest time step whose code was used: only codes of later steps are accepted (RFC 6238, section 5.2)."""
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Passkey(Base):
    """A credential of WebAuthn."""

    __tablename__ = "passkeys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    """COSE_Key (RFC 9052, section 7)."""
    sign_count: Mapped[int]
    """The last counter of the authenticator; 0 for one that does not count."""
    name: Mapped[str]
    transports: Mapped[list[str]]
    """How browsers reach the authenticator, as it was said at the registration."""
    backed_up: Mapped[bool] = mapped_column(server_default=false())
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RecoveryCode(Base):
    """A code for a lost factor."""

    __tablename__ = "recovery_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes]
    """Its SHA-256, sealed under the key of the personal account."""
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FactorReset(Base):
    """The open request of an operator to remove the factors of a user, who has lost them."""

    __tablename__ = "factor_resets"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    """Null for an operator at the machine."""
    reason: Mapped[str | None]
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)


class KnownDevice(Base):
    """A kind of device in a range of addresses, from which a user has logged in."""

    __tablename__ = "known_devices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
