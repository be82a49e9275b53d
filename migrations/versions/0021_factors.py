"""Second factors: one-time passwords, passkeys and recovery codes; and the devices that users log in on.

The gateway of the release before asks for no second factor: finish the upgrade before users add some.

Revision ID: 0021
Revises: 0020
Create Date: 2026-11-30
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

REFUSE = """
DO $$
DECLARE apps bigint; keys bigint;
BEGIN
    SELECT count(*) INTO apps FROM one_time_passwords WHERE confirmed_at IS NOT NULL;
    SELECT count(DISTINCT user_id) INTO keys FROM passkeys;
    IF apps > 0 THEN
        RAISE EXCEPTION '% users have an authenticator app: the release before would let them in without it', apps;
    ELSIF keys > 0 THEN
        RAISE EXCEPTION '% users have a second factor, a passkey: the release before would let them in without it', keys;
    END IF;
END $$
"""


def moment(name: str, **options: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def now(name: str = "created_at") -> sa.Column:
    return moment(name, server_default=sa.text("now()"), nullable=False)


def user_of(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_users")
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.add_column("users", sa.Column("passkey_handle", sa.LargeBinary(), nullable=True))
    op.create_table(
        "one_time_passwords",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        moment("confirmed_at", nullable=True),
        now(),
        user_of("one_time_passwords"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_one_time_passwords")),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("transports", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("backed_up", sa.Boolean(), server_default=sa.false(), nullable=False),
        moment("last_used_at", nullable=True),
        now(),
        user_of("passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_user_id"), "passkeys", ["user_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        moment("used_at", nullable=True),
        now(),
        user_of("recovery_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"])
    op.create_table(
        "known_devices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        now("last_seen_at"),
        user_of("known_devices"),
        sa.PrimaryKeyConstraint("user_id", "sha256", name=op.f("pk_known_devices")),
    )
    op.create_index(op.f("ix_known_devices_last_seen_at"), "known_devices", ["last_seen_at"])


def downgrade() -> None:
    op.execute(REFUSE)
    for table in ("known_devices", "recovery_codes", "passkeys", "one_time_passwords"):
        op.drop_table(table)
    op.drop_column("users", "passkey_handle")
