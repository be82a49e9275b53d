/** Webhooks, their deliveries, and how to send one again. */

import { randomId } from "../api/ids.ts";
import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Delivery, DeliveryFilter, DeliveryPage, NewWebhook, Webhook, WebhookChange, WebhookPage, WebhookWithSecret } from "./types.ts";

const ALL = "/api/v1/webhooks";
const ONE = "/api/v1/webhooks/{webhook_id}";
const DELIVERY = "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}";

export class Webhooks extends Calls {
  list(options: CallOptions = {}): Promise<WebhookPage> {
    return dataOf(this.api.GET(ALL, signalOf(options)));
  }

  get(webhook_id: string, options: CallOptions = {}): Promise<Webhook> {
    return dataOf(this.api.GET(ONE, { params: { path: { webhook_id } }, ...signalOf(options) }));
  }

  /** Create a webhook. Its secret is shown in this answer only. */
  create(body: NewWebhook, options: CallOptions = {}): Promise<WebhookWithSecret> {
    return dataOf(this.api.POST(ALL, { params: { header: newKey() }, body, ...signalOf(options) }));
  }

  change(webhook_id: string, body: WebhookChange, options: CallOptions = {}): Promise<Webhook> {
    return dataOf(this.api.PATCH(ONE, { params: { path: { webhook_id } }, body, ...signalOf(options) }));
  }

  async remove(webhook_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(ONE, { params: { path: { webhook_id } }, ...signalOf(options) });
  }

  rotateSecret(webhook_id: string, options: CallOptions = {}): Promise<WebhookWithSecret> {
    const params = { path: { webhook_id }, header: newKey() };
    return dataOf(this.api.POST(`${ONE}/rotate-secret`, { params, ...signalOf(options) }));
  }

  /** Send a test message. */
  test(webhook_id: string, options: CallOptions = {}): Promise<Delivery> {
    const params = { path: { webhook_id }, header: newKey() };
    return dataOf(this.api.POST(`${ONE}/test`, { params, ...signalOf(options) }));
  }

  deliveries(webhook_id: string, query: DeliveryFilter = {}, options: CallOptions = {}): Promise<DeliveryPage> {
    const params = { path: { webhook_id }, query };
    return dataOf(this.api.GET(`${ONE}/deliveries`, { params, ...signalOf(options) }));
  }

  delivery(webhook_id: string, delivery_id: string, options: CallOptions = {}): Promise<Delivery> {
    return dataOf(this.api.GET(DELIVERY, { params: { path: { webhook_id, delivery_id } }, ...signalOf(options) }));
  }

  /** Send the message of a delivery again. */
  replay(webhook_id: string, delivery_id: string, options: CallOptions = {}): Promise<Delivery> {
    const params = { path: { webhook_id, delivery_id }, header: newKey() };
    return dataOf(this.api.POST(`${DELIVERY}/replay`, { params, ...signalOf(options) }));
  }
}

function newKey(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": randomId() };
}
