/** The mails that an installation without a mail server writes to a folder. For operators. */

import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { OutboxMail, OutboxPage } from "./types.ts";

export class Outbox extends Calls {
  /** List them, newest first. 404 where a mail server sends the mails, and in production. */
  list(page: { limit?: number; cursor?: string } = {}, options: CallOptions = {}): Promise<OutboxPage> {
    return dataOf(this.api.GET("/api/v1/admin/outbox", { params: { query: page }, ...signalOf(options) }));
  }

  get(mail_id: string, options: CallOptions = {}): Promise<OutboxMail> {
    return dataOf(this.api.GET("/api/v1/admin/outbox/{mail_id}", { params: { path: { mail_id } }, ...signalOf(options) }));
  }
}
