"""Chromium's virtual authenticators."""

from playwright.sync_api import Page

PLATFORM = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


def attach_authenticator(page: Page) -> str:
    """Give the page an authenticator with a screen lock; return its id."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return session.send("WebAuthn.addVirtualAuthenticator", {"options": PLATFORM})["authenticatorId"]
