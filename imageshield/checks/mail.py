"""Mail server check: the server accepts the connection, offers TLS and accepts the credentials. Nothing is sent."""

import asyncio

from imageshield.checks.situation import Fault, Situation, place

NAME = "SMTP_URL"
SECONDS = 5.0
REMEDIES = {
    "credentials": ("the server refuses user and password", "correct them in it, with special characters as %XX"),
    "tls": ("the server's certificate is not valid for this name", "correct the name, or have the certificate renewed"),
    "unsupported": ("the server lacks STARTTLS or a log-in", "use smtps://, another port or another server"),
}


def check_mail(situation: Situation) -> list[Fault]:
    url = situation.environment.get(NAME)
    if not url:
        return []
    from backplane.mail.smtp import SmtpTransport
    from backplane.smtp_url import read_smtp_url

    try:
        server = read_smtp_url(url)
    except ValueError:
        return []  # the settings report it
    outcome = asyncio.run(SmtpTransport(server, seconds=SECONDS).knock())
    if outcome.sent:
        return []
    otherwise = (f"{place(url)} does not answer as a mail server ({outcome.code})", "start it, or correct the address")
    return [Fault(NAME, *REMEDIES.get(outcome.code, otherwise))]
