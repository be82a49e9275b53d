"""Routes of webhook endpoints and their deliveries."""

from typing import Annotated

from fastapi import Query, Response

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import WebhookReader, Webhooks, WebhookWriter
from api.requests.cursors import read_cursor
from api.requests.idempotency import CODES, OncePerKey, replayable
from api.routing import Router
from api.schemas.webhooks import (
    WEBHOOKS,
    Delivery,
    DeliveryFilter,
    DeliveryPage,
    NewWebhook,
    Webhook,
    WebhookChange,
    WebhookPage,
    WebhookWithSecret,
)
from backplane import ids
from backplane.services.requests.caller import Caller
from backplane.services.requests.idempotency import Made
from backplane.services.requests.submission import Submission
from backplane.services.webhooks.endpoints import MadeSecret
from backplane.services.webhooks.logs import DeliveryFacts
from backplane.wiring.webhooks import WebhookServices

router = Router(prefix=WEBHOOKS, tags=["webhooks"])

ONCE = (*CODES, "gone")
SENT_SOON = {
    "description": "It will be sent at once; its `Location` shows the outcome",
    "headers": {"Location": {"schema": {"type": "string"}, "description": "The delivery"}},
}
SENT = {
    202: replayable(SENT_SOON),
    **problems(*AUTHENTICATED, *ONCE, "not-found", "webhook-disabled", "validation-failed"),
}
SHOWN_ONCE = {"description": "The endpoint with its secret, which is shown only once"}


@router.post(
    "",
    status_code=201,
    responses={
        201: replayable(SHOWN_ONCE),
        **problems(*AUTHENTICATED, *WITH_BODY, *ONCE, "webhook-url-refused", "too-many-webhooks"),
    },
)
async def create_webhook(
    *,
    new: NewWebhook,
    caller: WebhookWriter,
    webhooks: Webhooks,
    once: OncePerKey,
    response: Response,
) -> WebhookWithSecret:
    """Create an endpoint: your own address, notified when jobs and batches end.

    Messages follow Standard Webhooks. The `secret` of this answer signs them: docs/guides/webhooks.md shows how to
    verify them. They may come more than once, always with the same `webhook-id`. An account has as
    many endpoints as its tier allows.
    """

    async def create(submission: Submission) -> MadeSecret:
        return await webhooks.endpoints.create(submission, url=new.url, events=new.events, description=new.description)

    made = await once.run(Submission(caller), create, lambda made: _shown_again(webhooks, caller, made), options=new)
    response.headers["Location"] = f"{WEBHOOKS}/{ids.to_wire('whk', made.endpoint.id)}"
    response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret.made(made)


@router.get("", responses=problems(*AUTHENTICATED))
async def list_webhooks(caller: WebhookReader, webhooks: Webhooks) -> WebhookPage:
    """List your endpoints, newest first: all of them on one page.

    The one without a `url` is the `default` endpoint, which signs messages to the `webhook_url` of a request. The first
    request of that kind creates it.
    """
    return WebhookPage(data=[Webhook.of(facts) for facts in await webhooks.endpoints.page(caller)])


@router.get("/{webhook_id}", responses=problems(*AUTHENTICATED, "not-found"))
async def get_webhook(webhook_id: str, caller: WebhookReader, webhooks: Webhooks) -> Webhook:
    """Get an endpoint, by its id or as `default`."""
    return Webhook.of(await webhooks.endpoints.get(caller, webhook_id))


@router.patch("/{webhook_id}", responses=problems(*AUTHENTICATED, *WITH_BODY, "not-found", "webhook-url-refused"))
async def change_webhook(webhook_id: str, change: WebhookChange, caller: WebhookWriter, webhooks: Webhooks) -> Webhook:
    """Change the given fields of an endpoint; the others keep their values.

    While an endpoint is disabled, no message is sent to it and no new one is recorded; messages that waited before are
    sent when it is enabled again.
    """
    return Webhook.of(await webhooks.endpoints.change(caller, webhook_id, change.changes()))


@router.delete("/{webhook_id}", status_code=204, responses=problems(*AUTHENTICATED, "not-found"))
async def delete_webhook(webhook_id: str, caller: WebhookWriter, webhooks: Webhooks) -> None:
    """Delete an endpoint, its secrets and its log. Waiting messages are no longer sent."""
    await webhooks.endpoints.remove(caller, webhook_id)


@router.post(
    "/{webhook_id}/rotate-secret",
    responses={200: replayable(SHOWN_ONCE), **problems(*AUTHENTICATED, *ONCE, "not-found", "validation-failed")},
)
async def rotate_webhook_secret(
    *,
    webhook_id: str,
    caller: WebhookWriter,
    webhooks: Webhooks,
    once: OncePerKey,
    response: Response,
) -> WebhookWithSecret:
    """Replace the secret of an endpoint.

    For 24 hours messages carry two signatures, of the old and the new secret, so that your receiver can switch at any
    moment. Only one old secret is kept: to remove a secret that has become known, rotate twice. For the `default`
    endpoint, rotation is also the way to get its first secret.
    """

    async def create(submission: Submission) -> MadeSecret:
        return await webhooks.endpoints.rotate_secret(submission, webhook_id)

    made = await once.run(Submission(caller), create, lambda made: _shown_again(webhooks, caller, made))
    response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret.made(made)


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    responses=SENT,
)
async def test_webhook(
    *,
    webhook_id: str,
    caller: WebhookWriter,
    webhooks: Webhooks,
    once: OncePerKey,
    response: Response,
) -> Delivery:
    """Send a message of the type `webhook.test`, which only shows that messages arrive."""

    async def create(submission: Submission) -> DeliveryFacts:
        return await webhooks.logs.test(submission, webhook_id)

    return _sent_soon(
        await once.run(
            Submission(caller),
            create,
            lambda made: webhooks.logs.get(caller, webhook_id, made.object_id),
        ),
        response,
    )


@router.get("/{webhook_id}/deliveries", responses=problems(*AUTHENTICATED, "not-found", "validation-failed"))
async def list_deliveries(
    webhook_id: str, caller: WebhookReader, webhooks: Webhooks, wanted: Annotated[DeliveryFilter, Query()]
) -> DeliveryPage:
    """List the messages to an endpoint, newest first, with every attempt. They are kept for 30 days."""
    found, has_more = await webhooks.logs.page(
        caller,
        webhook_id,
        limit=wanted.limit,
        before=read_cursor("whd", wanted.cursor),
        status=wanted.status,
    )
    data = [Delivery.of(facts) for facts in found]
    return DeliveryPage(data=data, has_more=has_more, next_cursor=data[-1].id if has_more else None)


@router.get("/{webhook_id}/deliveries/{delivery_id}", responses=problems(*AUTHENTICATED, "not-found"))
async def get_delivery(webhook_id: str, delivery_id: str, caller: WebhookReader, webhooks: Webhooks) -> Delivery:
    """Get one message, with all attempts to send it."""
    return Delivery.of(await webhooks.logs.get(caller, webhook_id, ids.from_wire("whd", delivery_id)))


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    responses=SENT,
)
async def replay_delivery(
    *,
    webhook_id: str,
    delivery_id: str,
    caller: WebhookWriter,
    webhooks: Webhooks,
    once: OncePerKey,
    response: Response,
) -> Delivery:
    """Send a message again: the same `webhook-id` and the same body, a new attempt."""
    wanted = ids.from_wire("whd", delivery_id)

    async def create(submission: Submission) -> DeliveryFacts:
        return await webhooks.logs.replay(submission, webhook_id, wanted)

    return _sent_soon(
        await once.run(Submission(caller), create, lambda _: webhooks.logs.get(caller, webhook_id, wanted)),
        response,
    )


async def _shown_again(webhooks: WebhookServices, caller: Caller, made: Made) -> MadeSecret:
    """Answer again with the secret that the first request of the key created."""
    assert made.answer is not None
    endpoint = await webhooks.endpoints.get(caller, ids.to_wire("whk", made.object_id))
    return MadeSecret(endpoint, made.answer.decode())


def _sent_soon(facts: DeliveryFacts, response: Response) -> Delivery:
    delivery = Delivery.of(facts)
    response.headers["Location"] = f"{WEBHOOKS}/{delivery.webhook_id}/deliveries/{delivery.id}"
    return delivery
