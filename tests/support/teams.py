"""Accounts that several users share, made over the API."""

from typing import Any

ACCOUNTS = "/api/v1/accounts"


def token_of(invitation: dict[str, Any]) -> str:
    """Return the token of the link that the inviter got."""
    return invitation["link"].partition("#token=")[2]


async def make_team(owner: Any, name: str = "Radiology") -> str:
    """Make an account of this user, and return its id on the wire."""
    return (await owner.http.post(ACCOUNTS, json={"name": name})).raise_for_status().json()["account_id"]


async def invite(inviter: Any, team: str, email: str, role: str = "member") -> dict[str, Any]:
    new = {"email": email, "role": role}
    return (await inviter.http.post(f"{ACCOUNTS}/{team}/invitations", json=new)).raise_for_status().json()


async def join(inviter: Any, team: str, user: Any, role: str = "member") -> str:
    """Let a user become a member by an invitation; return the user's id on the wire."""
    token = token_of(await invite(inviter, team, user.email, role))
    (await user.http.post("/api/v1/invitations/accept", json={"token": token})).raise_for_status()
    return user_id(user)


def user_id(user: Any) -> str:
    return f"usr_{user.account_id.hex}"


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
