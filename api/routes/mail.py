"""Routes of the links in mails that end a category of mail (RFC 8058)."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import HTMLResponse

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Anyone, Mail, Person
from api.middleware.headers import PAGE_POLICY
from api.routing import Router
from api.schemas.mail import MailChoices, MailPreferences

PAGES = Path(__file__).resolve().parents[1] / "pages"
HTML: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A page for people", "content": {"text/html": {"schema": {"type": "string"}}}}
}
WORDS = {"batches": "batches that ended", "limits": "limits of your account", "keys": "keys that are due or expire"}

Token = Annotated[str, Query(max_length=200, description="The token of the link, which can do nothing else")]

router = Router(prefix="/api/v1/mail", tags=["accounts"])
of_user = Router(prefix="/api/v1/me/mail-preferences", tags=["accounts"])


@router.get("/unsubscribe", response_class=HTMLResponse, responses=HTML | problems("not-found", "validation-failed"))
async def show_unsubscribe_page(token: Token, mail: Mail) -> HTMLResponse:
    """See the page of an unsubscribe link. It changes nothing: mail scanners open every link."""
    category = WORDS[mail.preferences.read(token).category]
    form = '<form method="post"><p><button>Send me no more of these mails</button></p></form>'
    return _page(f"<h1>Mails about {category}</h1>{form}")


@router.post("/unsubscribe", response_class=HTMLResponse, responses=HTML | problems("not-found", "validation-failed"))
async def unsubscribe(token: Token, caller: Anyone, mail: Mail) -> HTMLResponse:
    """End a category of mail, from the header `List-Unsubscribe` of a mail or from the page of its link (RFC 8058).

    The body is not read. A repeated request changes nothing more. The settings of the user turn the category on again.
    """
    ended = await mail.preferences.unsubscribe(caller, token)
    return _page(f"<h1>Done</h1><p>You get no more mails about {escape(WORDS[ended.category])}.</p>")


@of_user.get("", responses=problems(*AUTHENTICATED))
async def get_mail_preferences(caller: Person, mail: Mail) -> MailPreferences:
    """See which notices you get by mail. Mails about security and about your log-in always come."""
    assert caller.user_id is not None
    return MailPreferences(**await mail.preferences.of_user(caller.user_id))


@of_user.patch("", responses=problems(*AUTHENTICATED, *WITH_BODY))
async def change_mail_preferences(changes: MailChoices, caller: Person, mail: Mail) -> MailPreferences:
    """Choose which notices you get by mail; what you do not name stays as it is."""
    assert caller.user_id is not None
    wanted = changes.model_dump(exclude_none=True)
    return MailPreferences(**await mail.preferences.choose(caller, caller.user_id, wanted))


def _page(text: str) -> HTMLResponse:
    policy = {"Content-Security-Policy": PAGE_POLICY}
    return HTMLResponse(_template().substitute(docs="../../../docs", title="Mails", text=text), headers=policy)


@cache
def _template() -> Template:
    return Template((PAGES / "problem.html").read_text(encoding="utf-8"))
