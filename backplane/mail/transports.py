"""The choice of how mails are delivered."""

from backplane.mail.folder import MailFolder
from backplane.mail.outcomes import Transport
from backplane.mail.smtp import SmtpTransport
from backplane.settings import Settings
from backplane.smtp_url import read_smtp_url


def transport(settings: Settings) -> Transport | None:
    """Return the transport that the settings name; None if this installation sends no mail."""
    if settings.smtp_url is not None:
        return SmtpTransport(read_smtp_url(settings.smtp_url.get_secret_value()))
    if settings.mail_outbox_directory is not None:
        return MailFolder(settings.mail_outbox_directory)
    return None
