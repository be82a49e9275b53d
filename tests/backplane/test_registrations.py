"""Who may register, confirmation by mail, new passwords and addresses, and delays after wrong passwords."""

import asyncio
import dataclasses
import re

import pytest
from passlib.context import CryptContext

from backplane.errors import EmailTaken, Unauthenticated, Unavailable
from backplane.errors.users import (
    EmailDomainRefused,
    InvitationRequired,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    MailNotConfigured,
    OperatorCodeInvalid,
    PasswordTooCommon,
    RegistrationClosed,
    TooManyAttempts,
    WrongPassword,
)
from backplane.services.identity import lockout as lockout_module
from backplane.services.identity import passwords
from backplane.services.identity.lockout import USER_AT_ONCE, USER_FREE, Lockout
from backplane.services.identity.mail_throttle import AN_HOUR
from backplane.services.identity.passwords import check_new_password
from backplane.services.identity.registrations import RegistrationPolicy
from backplane.services.mail.contents import unseal
from backplane.services.mail.outgoing import Mails
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from backplane.wiring.identity import IdentityServices
from tests.support.accounts import PASSWORD, add_account

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ANYONE = Caller(NO_ACCOUNT, address="198.51.100.7", user_agent="Mozilla/5.0 Firefox/140.0")
ATTACKER = Caller(NO_ACCOUNT, address="203.0.113.9", user_agent="curl/8")
NEW = "another horse battery"
TOKEN = re.compile(r"#token=([\w-]{43})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Hash with little work: the tests here count attempts, and nothing depends on their cost."""
    cheap = CryptContext(
        schemes=["argon2"], argon2__type="ID", argon2__memory_cost=1024, argon2__rounds=1, argon2__parallelism=1
    )
    monkeypatch.setattr(passwords, "PASSWORDS", cheap)
    passwords.dummy_hash.cache_clear()
    yield cheap
    passwords.dummy_hash.cache_clear()


@pytest.fixture
async def account(resources, sql, cheap):
    made = await add_account(resources, "ada@example.org")
    for table in ("users", "accounts"):
        await sql(f"UPDATE {table} SET password_hash = :hash", hash=cheap.hash(PASSWORD))  # noqa: S608 - two tables
    return made


@pytest.fixture
def verifying(registrations, account):
    """Registrations that confirm addresses, in an installation with an account."""
    registrations.policy = RegistrationPolicy("open", frozenset(), verification=True)
    return registrations


@pytest.fixture
def mailed(resources, sql):
    """Read the mails that wait: the kind, the recipient and the text of each."""

    async def read(kind=None):
        rows = await sql("SELECT id, kind, sealed FROM mails WHERE status = 'pending' ORDER BY id")
        return [
            (row["kind"], content.recipient, content.text)
            for row in rows
            if kind in (None, row["kind"])
            for content in [unseal(resources.vault, row["id"], row["sealed"])]
        ]

    return read


@pytest.fixture
def token_of(mailed):
    async def newest(kind):
        *_, (_, _, body) = await mailed(kind)
        return TOKEN.search(body)[1]

    return newest


@pytest.fixture
def log_in(identity):
    async def authenticate(email="ada@example.org", password=PASSWORD, caller=ANYONE):
        return await identity.accounts.authenticate(caller, email=email, password=password)

    return authenticate


@pytest.fixture
def person(account):
    return Caller(account.id, user_id=account.id, address="198.51.100.7")


class TestPolicy:
    @pytest.mark.parametrize(
        ("mode", "refusal"),
        [("closed", RegistrationClosed), ("invitation", InvitationRequired), ("domains", EmailDomainRefused)],
    )
    async def test_others_may_not_register(self, registrations, sql, mode, refusal):
        registrations.policy = RegistrationPolicy(mode, frozenset({"example.com"}), verification=False)
        with pytest.raises(refusal):
            await registrations.register(ANYONE, email="ada@example.org", password=PASSWORD)
        assert not await sql("SELECT 1 FROM users")

    async def test_invited_address_may_register(self, registrations, account, sql):
        registrations.policy = RegistrationPolicy("invitation", frozenset(), verification=False)
        await sql(
            "INSERT INTO invitations (id, account_id, email, role, invited_by, token_sha256, expires_at)"
            " VALUES (gen_random_uuid(), :id, 'grace@example.org', 'member', :id, '', now() + interval '1 day')",
            id=account.id,
        )
        assert await registrations.register(ANYONE, email="Grace@example.org", password=PASSWORD)
        with pytest.raises(InvitationRequired):
            await registrations.register(ANYONE, email="heidi@example.org", password=PASSWORD)

    @pytest.mark.parametrize("email", ["ada@sub.example.com", "ada@example.com.evil.org", "ada@evil-example.com"])
    def test_domain_must_be_the_same(self, email):
        policy = RegistrationPolicy("domains", frozenset({"example.com"}), verification=True)
        policy.require("ada@example.com")
        with pytest.raises(EmailDomainRefused):
            policy.require(email)


class TestOperatorCode:
    async def test_code_makes_one_operator_even_if_closed(self, identity, registrations):
        registrations.policy = RegistrationPolicy("closed", frozenset(), verification=False)
        code = await identity.operator_codes.issue()
        made = await registrations.register(ANYONE, email="ada@example.org", password=PASSWORD, operator_code=code)
        assert made.operator
        assert await identity.operator_codes.issue() is None
        with pytest.raises(OperatorCodeInvalid):
            await registrations.register(ANYONE, email="bob@example.org", password=PASSWORD, operator_code=code)

    async def test_two_at_once_make_one(self, identity, registrations, sql):
        code = await identity.operator_codes.issue()
        made = await asyncio.gather(
            *(
                registrations.register(ANYONE, email=f"{name}@example.org", password=PASSWORD, operator_code=code)
                for name in "ab"
            ),
            return_exceptions=True,
        )
        assert len([one for one in made if isinstance(one, OperatorCodeInvalid)]) == 1
        assert len(await sql("SELECT 1 FROM users WHERE operator")) == 1

    async def test_only_the_newest_code_counts(self, identity, registrations):
        old = await identity.operator_codes.issue()
        assert await identity.operator_codes.issue() != old
        for code in (old, "guess"):
            with pytest.raises(OperatorCodeInvalid):
                await registrations.register(ANYONE, email="ada@example.org", password=PASSWORD, operator_code=code)


class TestVerification:
    async def test_link_of_the_mail_makes_the_account(self, verifying, token_of, mailed, log_in, sql):
        assert await verifying.register(ANYONE, email="Bob@example.org", password=PASSWORD) is None
        assert [row["email"] for row in await sql("SELECT email FROM users")] == ["ada@example.org"]
        with pytest.raises(Unauthenticated):
            await log_in("bob@example.org")
        token = await token_of("verify-address")
        made = await verifying.verify(ANYONE, token)
        assert made.email == "bob@example.org"
        assert await log_in("bob@example.org") == made.id
        with pytest.raises(LinkUsed):
            await verifying.verify(ANYONE, token)

    async def test_taken_address_looks_the_same(self, verifying, mailed, sql, cheap, monkeypatch):
        hashed = []
        hash_ = cheap.hash
        monkeypatch.setattr(cheap, "hash", lambda *given: (hashed.append(given), hash_(*given))[1])
        statements = []
        for email in ("ada@example.org", "new@example.org"):
            assert await verifying.register(ANYONE, email=email, password=PASSWORD) is None
            rows = await sql("SELECT (SELECT count(*) FROM mails) AS mails, count(*) AS t FROM one_time_tokens")
            statements.append((len(hashed), rows))
        assert statements == [(1, [{"mails": 1, "t": 1}]), (2, [{"mails": 2, "t": 2}])]
        assert [mail[:2] for mail in await mailed()] == [
            ("address-taken", "ada@example.org"),
            ("verify-address", "new@example.org"),
        ]

    async def test_first_confirmed_has_the_address(self, verifying, token_of):
        tokens = []
        for _ in range(2):
            await verifying.register(ANYONE, email="bob@example.org", password=PASSWORD)
            tokens.append(await token_of("verify-address"))
        await verifying.verify(ANYONE, tokens[1])
        with pytest.raises(EmailTaken):
            await verifying.verify(ANYONE, tokens[0])

    async def test_link_expires(self, verifying, token_of, sql):
        await verifying.register(ANYONE, email="bob@example.org", password=PASSWORD)
        await sql("UPDATE one_time_tokens SET expires_at = now()")
        with pytest.raises(LinkExpired):
            await verifying.verify(ANYONE, await token_of("verify-address"))
        with pytest.raises(LinkUnknown):
            await verifying.verify(ANYONE, "A" * 43)

    async def test_stranger_cannot_fill_a_mailbox(self, verifying, mailed):
        for _ in range(AN_HOUR + 3):
            await verifying.register(ANYONE, email="bob@example.org", password=PASSWORD)
        assert len(await mailed()) == AN_HOUR

    async def test_dump_shows_no_token_and_no_hash(self, verifying, token_of, sql):
        await verifying.register(ANYONE, email="bob@example.org", password=PASSWORD)
        token = await token_of("verify-address")
        dump = str(await sql("SELECT one_time_tokens::text, mails::text FROM one_time_tokens, mails"))
        for secret in (token, "bob@example.org", "argon2id"):
            assert secret not in dump
            assert secret.encode().hex() not in dump


class TestReset:
    async def test_link_sets_the_password_and_ends_sessions(  # noqa: PLR0917 - fixtures
        self, identity, account, token_of, mailed, log_in, sql
    ):
        await identity.tokens.issue(ANYONE, account.id)
        await identity.passwords.request_reset(ANYONE, "ADA@example.org")
        token = await token_of("password-reset")
        await identity.passwords.reset(ANYONE, token, new=NEW)
        assert await log_in(password=NEW) == account.id
        with pytest.raises(Unauthenticated):
            await log_in()
        assert not await sql("SELECT 1 FROM refresh_tokens")
        assert [kind for kind, *_ in await mailed()] == ["password-reset", "password-changed"]
        [copied] = await sql(
            "SELECT u.password_hash = a.password_hash AS same, email_verified_at IS NOT NULL AS verified "
            "FROM users u JOIN accounts a USING (id)"
        )
        assert copied == {"same": True, "verified": True}
        with pytest.raises(LinkUsed):
            await identity.passwords.reset(ANYONE, token, new=PASSWORD)

    async def test_other_links_are_useless_afterwards(self, identity, account, token_of):
        tokens = []
        for _ in range(2):
            await identity.passwords.request_reset(ANYONE, account.email)
            tokens.append(await token_of("password-reset"))
        await identity.passwords.reset(ANYONE, tokens[0], new=NEW)
        with pytest.raises(LinkUsed):
            await identity.passwords.reset(ANYONE, tokens[1], new=PASSWORD)

    async def test_refused_password_does_not_spend_the_link(self, identity, account, token_of):
        await identity.passwords.request_reset(ANYONE, account.email)
        token = await token_of("password-reset")
        with pytest.raises(PasswordTooCommon):
            await identity.passwords.reset(ANYONE, token, new="ada@example.org1")
        await identity.passwords.reset(ANYONE, token, new=NEW)

    async def test_unknown_address_does_the_same_work(self, identity, account, mailed, sql):
        for email in ("ada@example.org", "nobody@example.org"):
            await identity.passwords.request_reset(ANYONE, email)
        assert await sql("SELECT kind, status, user_id IS NULL AS nobody FROM mails ORDER BY id") == [
            {"kind": "password-reset", "status": "pending", "nobody": False},
            {"kind": "password-reset", "status": "dropped", "nobody": True},
        ]
        assert len(await sql("SELECT 1 FROM one_time_tokens")) == 2
        assert len(await sql("SELECT 1 FROM audit_events WHERE action = 'password.reset_requested'")) == 2
        assert len(await mailed()) == 1

    async def test_installation_without_mail_says_so(self, resources, passphrases):
        off = Mails(resources.vault, public_url="https://images.example", support=None, enabled=False)
        identity = IdentityServices.wire(resources, passphrases, off)
        with pytest.raises(MailNotConfigured):
            await identity.passwords.request_reset(ANYONE, "ada@example.org")


class TestChange:
    async def test_other_sessions_end(self, identity, account, person, mailed, log_in):
        await identity.tokens.issue(ANYONE, account.id)
        kept = identity.tokens.verify((await identity.tokens.issue(ANYONE, account.id)).access_token).session_id
        await identity.passwords.change(person, kept, current=PASSWORD, new=NEW)
        assert [one.id for one in await identity.sessions.list(person)] == [kept]
        assert [kind for kind, *_ in await mailed()] == ["password-changed"]
        assert await log_in(password=NEW) == account.id

    async def test_wrong_current_password_changes_nothing(self, identity, account, person, log_in, sql):
        for _ in range(USER_FREE):
            with pytest.raises(WrongPassword):
                await identity.passwords.change(person, None, current="wrong horse", new=NEW)
        with pytest.raises(TooManyAttempts):
            await identity.passwords.change(person, None, current=PASSWORD, new=NEW)
        assert await log_in() == account.id
        rows = await sql("SELECT outcome FROM audit_events WHERE action = 'password.changed'")
        assert [row["outcome"] for row in rows] == ["failure"] * USER_FREE


class TestAddress:
    async def test_confirmed_address_replaces_the_old_one(  # noqa: PLR0917 - fixtures
        self, identity, account, person, token_of, mailed, log_in, sql
    ):
        await identity.addresses.request(person, "New@example.org")
        assert await log_in("ada@example.org") == account.id
        assert await identity.addresses.confirm(ANYONE, await token_of("address-change")) == "new@example.org"
        assert await log_in("new@example.org") == account.id
        with pytest.raises(Unauthenticated):
            await log_in("ada@example.org")
        assert [row["email"] for row in await sql("SELECT email FROM accounts")] == ["new@example.org"]
        assert [mail[:2] for mail in await mailed("address-changed")] == [
            ("address-changed", "ada@example.org"),
            ("address-changed", "new@example.org"),
        ]

    async def test_taken_address_gets_a_mail_and_no_link(  # noqa: PLR0917 - fixtures
        self, identity, account, person, registrations, mailed, token_of
    ):
        await registrations.register(ANYONE, email="bob@example.org", password=PASSWORD)
        await identity.addresses.request(person, "bob@example.org")
        assert [mail[:2] for mail in await mailed()] == [("address-taken", "bob@example.org")]

    async def test_link_set_off_before_the_address_was_taken(self, identity, account, person, registrations, token_of):
        await identity.addresses.request(person, "bob@example.org")
        await registrations.register(ANYONE, email="bob@example.org", password=PASSWORD)
        with pytest.raises(EmailTaken):
            await identity.addresses.confirm(ANYONE, await token_of("address-change"))

    async def test_own_address_is_confirmed(  # noqa: PLR0917 - fixtures
        self, identity, account, person, token_of, mailed, sql
    ):
        await identity.addresses.request(person, account.email)
        await identity.addresses.confirm(ANYONE, await token_of("address-change"))
        assert await sql("SELECT email_verified_at IS NOT NULL AS verified FROM users") == [{"verified": True}]
        assert len(await mailed()) == 1

    async def test_reset_link_in_the_old_mailbox_is_useless(self, identity, account, person, token_of):
        await identity.passwords.request_reset(ANYONE, account.email)
        reset = await token_of("password-reset")
        await identity.addresses.request(person, "new@example.org")
        await identity.addresses.confirm(ANYONE, await token_of("address-change"))
        with pytest.raises(LinkUsed):
            await identity.passwords.reset(ANYONE, reset, new=NEW)


class TestLockout:
    @pytest.fixture
    def fail(self, log_in):
        async def wrong(times=1, caller=ATTACKER, email="ada@example.org"):
            for _ in range(times):
                with pytest.raises(Unauthenticated):
                    await log_in(email, "wrong horse battery", caller)

        return wrong

    @pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
    async def test_delay_doubles_up_to_a_quarter(  # noqa: PLR0917 - fixtures
        self, account, resources, fail, log_in, monkeypatch, email
    ):
        """For a known and for an unknown address."""
        await fail(USER_FREE - 1, email=email)
        waits = []
        for _ in range(13):
            await fail(email=email)
            with pytest.raises(TooManyAttempts) as refused:
                await log_in(email, "wrong horse battery", ATTACKER)
            waits.append(refused.value.retry_after)
            await expire(resources)
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]

    async def test_right_password_forgets_the_wrong_ones(self, account, fail, log_in):
        await fail(USER_FREE - 1)
        await log_in(caller=ATTACKER)
        await fail(USER_FREE - 1)

    async def test_owner_passes_on_a_known_device(self, identity, account, fail, log_in):
        await identity.tokens.issue(ANYONE, account.id)
        await fail(USER_FREE)
        with pytest.raises(TooManyAttempts):
            await log_in(caller=ATTACKER)
        assert await log_in(caller=ANYONE) == account.id

    async def test_known_device_is_delayed_by_itself(self, identity, account, fail, log_in):
        await identity.tokens.issue(ANYONE, account.id)
        await fail(USER_FREE, caller=ANYONE)
        with pytest.raises(TooManyAttempts):
            await log_in(caller=ANYONE)
        assert await log_in(caller=ATTACKER) == account.id

    async def test_reset_lets_the_owner_in(self, identity, account, fail, log_in, token_of):
        await fail(USER_FREE)
        await identity.passwords.request_reset(ANYONE, account.email)
        await identity.passwords.reset(ANYONE, await token_of("password-reset"), new=NEW)
        assert await log_in(password=NEW, caller=ATTACKER) == account.id

    async def test_owner_gets_one_mail_a_day(self, account, resources, fail, mailed, sql):
        await fail(USER_FREE)
        await expire(resources)
        await fail()
        await expire(resources, everything=True)
        await fail(USER_FREE)
        await fail(USER_FREE, email="nobody@example.org")
        assert [mail[:2] for mail in await mailed()] == [("account-locked", "ada@example.org")]
        assert len(await sql("SELECT 1 FROM mails WHERE status = 'dropped'")) == 1

    async def test_one_address_tries_few_users(self, resources, fail, log_in, monkeypatch):
        monkeypatch.setattr(lockout_module, "ADDRESS_FREE", 3)
        for number in range(3):
            await fail(email=f"user{number}@example.org")
        with pytest.raises(TooManyAttempts):
            await log_in("user9@example.org", "wrong horse battery", ATTACKER)
        await fail(email="user9@example.org", caller=ANYONE)

    async def test_parallel_guesses_are_bounded(self, resources):
        lockout = Lockout(resources.bus)
        began = await asyncio.gather(
            *(lockout.begin(ATTACKER, "ada@example.org", known_device=False) for _ in range(100)),
            return_exceptions=True,
        )
        attempts = [one for one in began if not isinstance(one, TooManyAttempts)]
        assert len(attempts) == USER_AT_ONCE
        for attempt in attempts:
            await lockout.leave(attempt)
        await lockout.begin(ATTACKER, "ada@example.org", known_device=False)

    def test_customer_has_one_ipv6_network(self):
        network = lockout_module._network
        assert network("2001:db8::1") == network("2001:db8::ffff:1")
        assert network("2001:db8::1") != network("2001:db8:0:1::1")
        assert network("::ffff:198.51.100.7") == network("198.51.100.7")

    async def test_redis_holds_no_address(self, account, resources, fail):
        await fail(USER_FREE)
        keys = await resources.bus._redis.keys("*")
        assert keys
        assert not [key for key in keys if b"ada" in key or b"203.0" in key]

    async def test_without_redis_nobody_logs_in(self, account, settings, passphrases, resources, mails):
        deaf = settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0")})
        bus = type(resources.bus).from_settings(deaf)
        identity = IdentityServices.wire(dataclasses.replace(resources, bus=bus), passphrases, mails)
        with pytest.raises(Unavailable):
            await identity.accounts.authenticate(ANYONE, email="ada@example.org", password=PASSWORD)
        with pytest.raises(Unavailable):
            await identity.passwords.request_reset(ANYONE, "ada@example.org")
        await bus.close()


class TestNewDevice:
    async def test_second_device_is_mailed(self, identity, account, log_in, mailed):
        for caller in (ANYONE, ANYONE):
            await identity.tokens.issue(caller, account.id)
        assert not await mailed()
        await log_in(caller=ATTACKER)
        assert not await mailed(), "the password alone is no log-in yet"
        await identity.tokens.issue(ATTACKER, account.id)
        [(kind, recipient, body)] = await mailed()
        assert (kind, recipient) == ("new-device", "ada@example.org")
        assert "203.0.113.9" in body


class TestPasswords:
    @pytest.mark.parametrize(
        "password",
        [
            "123456qwerty",
            "justinbieber",
            "Password1234!",
            "passwordpassword",
            "aaaaaaaaaaaa",
            "ababababababab",
            "!!!letmein!!!2026",
            "ada.lovelace1",
            "Ada.Lovelace@example.org",
            "ImageShield2026",
        ],
    )
    def test_guessable_one_is_refused(self, password):
        with pytest.raises(PasswordTooCommon):
            check_new_password(password, "ada.lovelace@example.org")

    @pytest.mark.parametrize(
        "password",
        [
            PASSWORD,
            "correct horse battery staple",
            "kQ9#vLm2xPz!",
            "my imageshield is a green door",
            "ädåñ 漢字 пароль",
        ],
    )
    def test_other_one_is_accepted(self, password):
        check_new_password(password, "ada.lovelace@example.org")


async def expire(resources, *, everything=False):
    """Let the delays pass, or forget all counts."""
    for key in await resources.bus._redis.keys(lockout_module.PREFIX + "*"):
        if everything:
            await resources.bus._redis.delete(key)
        elif not key.endswith(b":now"):
            await resources.bus._redis.hdel(key, "until")
