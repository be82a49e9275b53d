"""The two database roles: the owner migrates and restores; the application can neither change tables nor the past.

`python -m backplane.db.roles` makes the application's role, with the password of DATABASE_URL, as the role of
DATABASE_OWNER_URL, which must be allowed to (CREATEROLE). Every migration ends with the grants.
"""

import asyncio
import os
from typing import Final
from urllib.parse import unquote, urlsplit

import asyncpg

APPLICATION: Final = "imageshield_app"
"""A role of this name gets the grants; a log-in of another name can be a member of it."""

GRANTS: Final = """
DO $$
DECLARE
    inserted text := 'id, action, outcome, account_id, object_id, request_id, details, created_at, actor, user_id, '
        'api_key_id, role, person';
    sealed text := 'seq, prev, hash, payload, person';
    place text := quote_ident(current_schema());
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'imageshield_app') THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO imageshield_app', place);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO imageshield_app', place);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %s TO imageshield_app', place);
    IF to_regclass('alembic_version') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM imageshield_app;
    END IF;
    IF to_regclass('audit_checkpoints') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON audit_events, audit_checkpoints, audit_proofs FROM imageshield_app;
        GRANT INSERT ON audit_checkpoints, audit_proofs TO imageshield_app;
        EXECUTE format('GRANT INSERT (%s), UPDATE (%s) ON audit_events TO imageshield_app', inserted, sealed);
    END IF;
END $$
"""
"""What the application may do. It is asked for after each migration: new tables have no privileges."""

JUDGE: Final = """
SELECT rolsuper AS superuser,
       coalesce((SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class
                 WHERE oid = to_regclass('audit_events')), false) AS owner
FROM pg_roles WHERE rolname = current_user
"""


async def make(owner_url: str, password: str) -> None:
    """Make the application's role, or give it this password."""
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        known = await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", APPLICATION)
        act = "ALTER" if known else "CREATE"
        quoted = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await connection.execute(
            f"{act} ROLE {APPLICATION} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD {quoted}"
        )
    finally:
        await connection.close(timeout=10)


async def fault_of(connection: asyncpg.Connection) -> str | None:
    """Return what the connected role can do that the application's must not; None if it is as it should be."""
    row = await connection.fetchrow(JUDGE)
    if row["superuser"]:
        return "is a superuser"
    return "owns the tables" if row["owner"] else None


def main() -> None:
    owner, application = (os.environ[name] for name in ("DATABASE_OWNER_URL", "DATABASE_URL"))
    found = urlsplit(application)
    if unquote(found.username or "") != APPLICATION or not found.password:
        raise SystemExit(f"DATABASE_URL must name the user {APPLICATION} with a password")
    asyncio.run(make(owner.replace("+asyncpg", "", 1), unquote(found.password)))


if __name__ == "__main__":
    main()
