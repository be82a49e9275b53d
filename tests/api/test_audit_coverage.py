"""Every act that changes something writes an entry: the operations of the OpenAPI document against the trail."""

from pathlib import Path

import pytest

from tests.api.acts import OPERATIONS, Acts, Recorder
from tests.api.conftest import opened
from tests.api.factors import PAGE

# The first test does every act: on a busy machine that took four minutes.
pytestmark = [pytest.mark.anyio, pytest.mark.stack, pytest.mark.timeout(600)]

ENTRIES = {
    "register": {"system account.registration_requested success"},
    "log_out": {"own account.logout success"},
    "get_token": {"own account.login success"},
    "verify_email": {"own account.registered success"},
    "request_password_reset": {"own password.reset_requested success"},
    "reset_password": {"own password.changed success"},
    "change_password": {"own password.changed success"},
    "request_email_change": {"own email.change_requested success"},
    "confirm_email_change": {"own email.changed success"},
    "start_session": {"own account.login success"},
    "end_session": {"own account.logout success"},
    "finish_session": {"own account.logout success", "own account.second_factor success"},
    "start_session_by_passkey": {"own account.login success"},
    "confirm_session": {"own session.confirmed success"},
    "end_other_sessions": {"own session.end success"},
    "end_login_session": {"own session.end success"},
    "begin_authenticator_app": {"own factor.begun success"},
    "remove_authenticator_app": {"own factor.removed success"},
    "confirm_authenticator_app": {"own factor.added success"},
    "add_passkey": {"own factor.added success"},
    "rename_passkey": {"own factor.renamed success"},
    "remove_passkey": {"own factor.removed success"},
    "renew_recovery_codes": {"own recovery_codes.renewed success"},
    "create_api_key": {"own api_key.created success"},
    "revoke_current_api_key": {"own api_key.revoked success"},
    "change_api_key": {"own api_key.changed success"},
    "revoke_api_key": {"own api_key.revoked success"},
    "rotate_api_key": {"own api_key.rotated success"},
    "create_account": {"own account.created success", "team account.created success"},
    "rename_account": {"team account.renamed success"},
    "close_account": {"team account.closed success"},
    "hand_over_account": {
        "own member.role_changed success",
        "team member.role_changed success",
        "theirs member.role_changed success",
    },
    "leave_account": {"own member.left success", "team member.left success"},
    "change_role": {"team member.role_changed success", "theirs member.role_changed success"},
    "remove_member": {"team member.removed success", "theirs member.removed success"},
    "create_invitation": {"team invitation.made success"},
    "resend_invitation": {"team invitation.resent success"},
    "revoke_invitation": {"team invitation.revoked success"},
    "accept_invitation": {"own member.joined success", "team member.joined success"},
    "encrypt": {
        "own image.encrypt accepted",
        "own image.encrypt cancelled",
        "own image.encrypt failure",
        "own image.encrypt success",
    },
    "decrypt": {"own image.decrypt accepted"},
    "analyze": {"own image.analyze accepted"},
    "check_avalanche": {"own image.avalanche accepted"},
    "encrypt_batch": {"own image.encrypt accepted", "own image.encrypt cancelled", "own image.encrypt failure"},
    "delete_batch": {"own batch.delete success", "own job.delete success"},
    "cancel_batch": {"own job.cancel accepted"},
    "retry_batch": {"own job.retry accepted"},
    "delete_job": {"own job.delete success"},
    "cancel_job": {"own job.cancel accepted"},
    "retry_job": {"own job.retry accepted"},
    "wrap_key_file": {"own key.exported success"},
    "unsubscribe": {"theirs mail.chosen success"},
    "change_mail_preferences": {"own mail.chosen success"},
    "create_webhook": {"own webhook.created success"},
    "change_webhook": {"own webhook.changed success"},
    "delete_webhook": {"own webhook.deleted success"},
    "rotate_webhook_secret": {"own webhook.secret_rotated success"},
    "test_webhook": {"own webhook.tested success"},
    "replay_delivery": {"own webhook.replayed success"},
    "redrive_dead_letter": {"system job.redrive accepted", "theirs job.redrive accepted", "theirs job.retry accepted"},
    "change_managed_account": {"system account.tier success", "theirs account.tier success"},
    "change_managed_user": {"system user.operator_granted success", "theirs user.operator_granted success"},
    "end_managed_sessions": {"system user.end_sessions success", "theirs user.end_sessions success"},
    "request_factor_reset": {"system factor_reset.requested success", "theirs factor_reset.requested success"},
    "withdraw_factor_reset": {"system factor_reset.withdrawn success", "theirs factor_reset.withdrawn success"},
    "confirm_factor_reset": {
        "system factor_reset.confirmed success",
        "theirs factor_reset.confirmed success",
        "theirs session.end success",
    },
    "confirm_own_factor_reset": {
        "system factor_reset.confirmed success",
        "own factor_reset.confirmed success",
        "own session.end success",
    },
    "refuse_own_factor_reset": {"system factor_reset.refused success", "own factor_reset.refused success"},
    "acknowledge_security_event": {"own security_event.acknowledged success"},
    "acknowledge_installation_security_event": {"system security_event.acknowledged success"},
    "erase_me": {"own account.closed success"},
    "cancel_my_erasure": {"own account.erasure_canceled success"},
    "cancel_erasure": {"team account.erasure_canceled success"},
    "export_data": {"own account.export accepted", "own account.export cancelled"},
    "unlock_managed_user": {"system user.unlock success", "theirs user.unlock success"},
}
"""What the successful requests of each operation write: whose chain, the action, the outcome.

`own` is the chain of the user's personal account, `theirs` that of the other user concerned, `team` that of an account
that several share.
Jobs end under the request that submitted them.
"""

ELSEWHERE = {
    "finish_authorization": "test_federation.py::test_way_in_is_recorded_until_it_is_unlinked",
    "unlink_identity": "test_federation.py::test_way_in_is_recorded_until_it_is_unlinked",
}
"""Operations that need a provider, and the tests that read their entries."""

WITHOUT = {
    "refresh_session": "the login session goes on; a token that comes back is recorded as account.refresh_reused",
    "ask_for_passkey": "a challenge, which expires; the log-in with it is recorded",
    "ask_for_own_passkey": "a challenge, which expires; the confirmation with it is recorded",
    "begin_passkey": "a challenge, which expires; the new passkey is recorded",
    "start_authorization": "the way to a provider, which expires; the return is recorded",
    "show_invitation": "shows what a link offers, and changes nothing",
    "issue_ticket": "a credential of 30 seconds for one socket, which can only read",
    "verify_audit": "reads the trail, and changes nothing",
    "verify_system_audit": "reads the trail, and changes nothing",
}
"""Operations without an entry, and the reason."""


@pytest.fixture(scope="module")
async def gateway(gateway_settings, tmp_path_factory):
    changes = {"public_url": PAGE, "mail_verification": True}
    async with opened(gateway_settings(mail_outbox_directory=tmp_path_factory.mktemp("mail"), **changes)) as running:
        running.transport = Recorder(running.transport)
        yield running


@pytest.fixture(scope="module")
async def written(gateway, engine):
    """Do everything once; return the entries of each operation, of all its requests together."""
    acts = Acts(gateway, engine)
    await acts.do_all()
    requests = gateway.transport.requests
    return {name: set().union(*[await acts.written(one) for one in ids]) for name, ids in requests.items()}


class TestTable:
    def test_has_every_operation_once(self):
        named = [*ENTRIES, *ELSEWHERE, *WITHOUT]
        assert sorted(named) == sorted(OPERATIONS)

    def test_tests_elsewhere_exist(self):
        for place in ELSEWHERE.values():
            file, _, name = place.partition("::")
            assert f"def {name}(" in (Path(__file__).parent / file).read_text()


class TestEntries:
    @pytest.mark.parametrize("operation", ENTRIES)
    async def test_operation_writes(self, written, operation):
        assert written[operation] == ENTRIES[operation]

    @pytest.mark.parametrize("operation", WITHOUT)
    async def test_operation_writes_nothing(self, written, operation):
        assert written.get(operation, set()) == set()
