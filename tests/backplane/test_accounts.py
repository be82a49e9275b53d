import asyncio
import base64
import json
import time
import unicodedata

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwt

from backplane import ids
from backplane.db.repositories import users
from backplane.errors import EmailTaken, TokenExpired, Unauthenticated, Unavailable
from backplane.services.identity import jws
from backplane.services.identity.access_tokens import AUDIENCE, CLAIMS, ISSUER
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.notices import Notices
from backplane.services.identity.passwords import PASSWORDS
from backplane.services.identity.revocations import Revocations
from backplane.services.identity.tokens import Tokens
from backplane.services.mail.outgoing import Mails
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from tests.support.accounts import PASSWORD
from tests.support.signing import access_tokens, pem

ANYONE = Caller(NO_ACCOUNT)


@pytest.fixture(scope="module")
def signing_key():
    return pem()


@pytest.fixture
def access(signing_key):
    return access_tokens(signing_key)


@pytest.mark.anyio
@pytest.mark.stack
class TestAccounts:
    @pytest.fixture
    async def account(self, registrations):
        """Here an account comes from a registration, with a hash of its own."""
        return await registrations.register(ANYONE, email="Ada@Example.org", password=PASSWORD)

    async def test_first_account_is_no_operator(self, account):
        assert (account.operator, account.tier) == (False, "enterprise")

    async def test_missing_vault_prevents_new_account_keys(self, registrations, account, settings):
        """A key made in the empty mount point would be hidden when the vault is mounted again."""
        vault = settings.vault_directory
        hidden = vault.rename(vault.with_name(f"{vault.name}.hidden"))
        try:
            with pytest.raises(Unavailable):
                await registrations.register(ANYONE, email="bob@example.org", password=PASSWORD)
            assert not vault.exists()
        finally:
            hidden.rename(vault)
        assert (await registrations.register(ANYONE, email="bob@example.org", password=PASSWORD)).email

    async def test_one_address_is_one_account_in_any_spelling(self, registrations, account):
        with pytest.raises(EmailTaken):
            await registrations.register(ANYONE, email="ADA@example.ORG", password=PASSWORD)

    async def test_the_right_password_proves_the_account(self, accounts, account):
        proved = await accounts.authenticate(
            Caller(NO_ACCOUNT, request_id="r1"), email="ada@example.org", password=PASSWORD
        )
        assert proved == account.id

    @pytest.mark.parametrize(("email", "password"), [("ada@example.org", "wrong"), ("eve@example.org", PASSWORD)])
    async def test_a_wrong_guess_learns_nothing(self, accounts, account, email, password):
        with pytest.raises(Unauthenticated, match="email or the password"):
            await accounts.authenticate(ANYONE, email=email, password=password)

    async def test_every_login_is_audited(self, accounts, account, sql):
        await accounts.authenticate(Caller(NO_ACCOUNT, request_id="r1"), email="ada@example.org", password=PASSWORD)
        with pytest.raises(Unauthenticated):
            await accounts.authenticate(Caller(NO_ACCOUNT, request_id="r2"), email="ada@example.org", password="wrong")
        rows = await sql("SELECT outcome, request_id FROM audit_events WHERE action = 'account.login' ORDER BY id")
        assert rows == [{"outcome": "success", "request_id": "r1"}, {"outcome": "failure", "request_id": "r2"}]

    async def test_unaudited_login_fails(self, accounts, account, sql):
        await sql("ALTER TABLE audit_events ADD CONSTRAINT refuse CHECK (action <> 'account.login') NOT VALID")
        with pytest.raises(Exception, match="refuse"):
            await accounts.authenticate(ANYONE, email="ada@example.org", password=PASSWORD)

    async def test_old_hash_is_replaced_at_login(self, accounts, account, sql):
        old = "$argon2id$v=19$m=1024,t=1,p=1$"
        from passlib.hash import argon2

        weak = argon2.using(type="ID", memory_cost=1024, rounds=1, parallelism=1).hash(PASSWORD)
        assert weak.startswith(old)
        await sql("UPDATE users SET password_hash = :hash", hash=weak)
        await accounts.authenticate(ANYONE, email="ada@example.org", password=PASSWORD)
        [row] = await sql("SELECT password_hash FROM users")
        assert row["password_hash"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")


NFC, NFD = "sch\u00f6ner langer Satz", "scho\u0308ner langer Satz"


@pytest.mark.anyio
@pytest.mark.stack
class TestReadings:
    """Earlier releases hashed a password as it came; since then it is cleaned, and kept as NFC."""

    @pytest.fixture
    def log_in(self, accounts):
        async def log_in(password):
            return await accounts.authenticate(ANYONE, email="ada@example.org", password=password)

        return log_in

    @pytest.mark.parametrize(("kept", "typed"), [(NFC, NFD), (NFD, NFC)])
    async def test_both_normal_forms_are_one_password(self, registrations, accounts, kept, typed):
        await registrations.register(ANYONE, email="eve@example.org", password=kept)
        assert await accounts.authenticate(ANYONE, email="eve@example.org", password=typed)

    @pytest.mark.parametrize("around", ["{}\n", "{}\r\n", "\ufeff{}", "\ufeff{}\n"])
    async def test_what_stands_around_it_does_not_count(self, account, log_in, around):
        assert await log_in(around.format(PASSWORD)) == account.id

    @pytest.mark.parametrize("old", [NFD, PASSWORD + "\n", "\ufeff" + PASSWORD, "\ufeff" + NFD + "\r\n"])
    async def test_old_hash_matches_once_and_is_replaced(self, account, log_in, sql, old):
        """The next log-in takes either reading; a second one in the old reading changes nothing more."""
        await sql("UPDATE users SET password_hash = :hash", hash=PASSWORDS.hash(old))
        await log_in(old)
        [row] = await sql("SELECT password_hash FROM users")
        cleaned = unicodedata.normalize("NFC", old.removeprefix("\ufeff").rstrip("\r\n"))
        assert PASSWORDS.verify(cleaned, row["password_hash"])
        await log_in(cleaned)
        await log_in(old)
        assert [row] == await sql("SELECT password_hash FROM users")

    async def test_a_password_that_was_changed_meanwhile_stays(self, accounts, account, resources, sql):
        async with resources.database.transaction() as session:
            assert not await users.replace_password_hash(session, account.id, "another hash", by="mine")
        [row] = await sql("SELECT password_hash FROM users")
        assert PASSWORDS.verify(PASSWORD, row["password_hash"])

    @pytest.mark.parametrize("password", ["wrong", "wrong\n", "\ufeffwrong", NFD, "x" * 5000, "\u0301" * 4096, ""])
    async def test_an_unknown_email_costs_as_many_hashes(self, accounts, account, monkeypatch, password):
        verified = []
        verify = PASSWORDS.verify_and_update
        monkeypatch.setattr(PASSWORDS, "verify_and_update", lambda *given: (verified.append(given), verify(*given))[1])
        counts = []
        for email in ("ada@example.org", "nobody@example.org"):
            verified.clear()
            with pytest.raises(Unauthenticated):
                await accounts.authenticate(ANYONE, email=email, password=password)
            counts.append(len(verified))
        assert counts[0] == counts[1] >= 1


@pytest.mark.anyio
@pytest.mark.stack
class TestRefresh:
    @pytest.fixture
    def tokens(self, resources, access):
        return Tokens(
            resources.database,
            access,
            LoginSessions(
                resources.database,
                Revocations(resources.database, resources.bus),
                Notices(Mails.from_settings(resources.settings, resources.vault)),
            ),
            refresh_seconds=3600,
        )

    async def test_a_refresh_token_is_good_once(self, tokens, account):
        first = await tokens.issue(ANYONE, account.id)
        second = await tokens.refresh(ANYONE, first.refresh_token)
        assert tokens.verify(second.access_token).account_id == account.id
        assert second.refresh_token != first.refresh_token

    async def test_reused_refresh_token_ends_the_whole_family(self, tokens, account, sql):
        first = await tokens.issue(ANYONE, account.id)
        second = await tokens.refresh(ANYONE, first.refresh_token)
        with pytest.raises(Unauthenticated):
            await tokens.refresh(ANYONE, first.refresh_token)
        with pytest.raises(Unauthenticated):
            await tokens.refresh(ANYONE, second.refresh_token)
        assert await sql("SELECT 1 AS one FROM audit_events WHERE action = 'account.refresh_reused'") == [{"one": 1}]

    async def test_another_login_is_not_touched_by_it(self, tokens, account):
        first, other = await tokens.issue(ANYONE, account.id), await tokens.issue(ANYONE, account.id)
        await tokens.refresh(ANYONE, first.refresh_token)
        with pytest.raises(Unauthenticated):
            await tokens.refresh(ANYONE, first.refresh_token)
        assert (await tokens.refresh(ANYONE, other.refresh_token)).expires_in == 900

    async def test_an_expired_refresh_token_is_refused(self, tokens, account, sql):
        pair = await tokens.issue(ANYONE, account.id)
        await sql("UPDATE refresh_tokens SET expires_at = now() - interval '1 second'")
        with pytest.raises(Unauthenticated):
            await tokens.refresh(ANYONE, pair.refresh_token)

    async def test_refresh_tokens_are_stored_hashed(self, tokens, account, sql):
        pair = await tokens.issue(ANYONE, account.id)
        [row] = await sql("SELECT token_sha256 FROM refresh_tokens")
        assert row["token_sha256"] != pair.refresh_token.encode()
        assert len(row["token_sha256"]) == 32

    async def test_of_two_refreshes_at_once_one_wins(self, tokens, account):
        pair = await tokens.issue(ANYONE, account.id)
        results = await asyncio.gather(
            *(tokens.refresh(ANYONE, pair.refresh_token) for _ in range(2)), return_exceptions=True
        )
        assert sum(isinstance(result, Unauthenticated) for result in results) == 1


class TestAccessTokens:
    def claims(self, **changes):
        now = int(time.time())
        base = {"iss": ISSUER, "aud": AUDIENCE, "sub": ids.to_wire("acc", ids.new()), "jti": "a", "scope": "jobs:read"}
        base["sid"] = ids.to_wire("ses", ids.new())
        return {**base, "iat": now, "nbf": now, "exp": now + 60} | changes

    def forge(self, access, key, *, algorithm="ES256", headers=None, **changes):
        claims = {name: value for name, value in self.claims(**changes).items() if value is not None}
        token = jwt.encode(
            claims,
            key,
            algorithm=algorithm,
            headers={"typ": "at+jwt", "kid": access.public_keys()[0]["kid"]} | (headers or {}),
        )
        return jws.with_low_signature(token) if algorithm == "ES256" else token

    def test_token_names_account_session_and_scopes(self, access):
        account_id, session_id = ids.new(), ids.new()
        principal = access.verify(access.issue(account_id, session_id))
        assert (principal.account_id, principal.session_id) == (account_id, session_id)
        assert "jobs:write" in principal.scopes

    def test_well_formed_forgery_needs_our_key(self, access, signing_key):
        assert access.verify(self.forge(access, signing_key.decode())).scopes == {"jobs:read"}
        with pytest.raises(Unauthenticated):
            access.verify(self.forge(access, pem().decode()))

    def test_an_expired_token_says_so(self, access, signing_key):
        with pytest.raises(TokenExpired):
            access.verify(self.forge(access, signing_key.decode(), exp=int(time.time()) - 1))

    @pytest.mark.parametrize("claim", CLAIMS)
    def test_every_claim_is_demanded(self, access, signing_key, claim):
        with pytest.raises(Unauthenticated):
            access.verify(self.forge(access, signing_key.decode(), **{claim: None}))

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "other"},
            {"aud": "other"},
            {"sub": "acc_1"},
            {"sub": "job_" + "0" * 32},
            {"sid": "acc_" + "0" * 32},
            {"nbf": 2**40},
            {"scope": None},
        ],
    )
    def test_a_wrong_claim_is_refused(self, access, signing_key, changes):
        with pytest.raises(Unauthenticated):
            access.verify(self.forge(access, signing_key.decode(), **changes))

    @pytest.mark.parametrize("headers", [{"typ": "JWT"}, {"typ": "imageshield-payload+jws"}, {"kid": "other"}])
    def test_a_wrong_header_is_refused(self, access, signing_key, headers):
        with pytest.raises(Unauthenticated):
            access.verify(self.forge(access, signing_key.decode(), headers=headers))

    def test_algorithm_none_is_refused(self, access):
        parts = [{"alg": "none", "typ": "at+jwt", "kid": access.public_keys()[0]["kid"]}, self.claims()]
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        for signature in ("", "AA"):
            with pytest.raises(Unauthenticated):
                access.verify(".".join([*encoded, signature]))

    @pytest.mark.parametrize("encoding", [serialization.Encoding.DER, serialization.Encoding.PEM])
    def test_an_hmac_under_the_public_key_is_refused(self, access, signing_key, encoding):
        public = serialization.load_pem_private_key(signing_key, None).public_key()
        secret = public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        head = {"alg": "HS256", "typ": "at+jwt", "kid": access.public_keys()[0]["kid"]}
        import hashlib
        import hmac

        signed = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, self.claims())
        )
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        with pytest.raises(Unauthenticated):
            access.verify(signed + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode())

    def test_another_spelling_of_the_signature_is_refused(self, access):
        token = access.issue(ids.new(), ids.new())
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        # 64 bytes leave four unused bits in the last character: its neighbor decodes to the same signature.
        other = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
        assert base64.urlsafe_b64decode(other.split(".")[2] + "==") == base64.urlsafe_b64decode(
            token.split(".")[2] + "=="
        )
        with pytest.raises(Unauthenticated):
            access.verify(other)

    @pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c", "é.b.c", "a" * 5000, "e30.e30.e30"])
    def test_what_is_no_token_is_refused(self, access, token):
        with pytest.raises(Unauthenticated):
            access.verify(token)

    def test_published_keys_hold_no_private_part(self, access):
        assert set(access.public_keys()[0]) == {"kty", "crv", "x", "y", "kid", "use", "alg", "imageshield_use"}

    @pytest.mark.parametrize("curve", [ec.SECP384R1()])
    def test_another_curve_is_refused_at_the_start(self, curve):
        with pytest.raises(ValueError, match="P-256"):
            access_tokens(pem(curve))
