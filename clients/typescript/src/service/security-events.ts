/** Security events: what the rules on the audit trail found in an account. */

import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { SecurityEvent, SecurityEventFilter, SecurityEventPage } from "./types.ts";

export class SecurityEvents extends Calls {
  list(query: SecurityEventFilter = {}, options: CallOptions = {}): Promise<SecurityEventPage> {
    return dataOf(this.api.GET("/api/v1/security-events", { params: { query }, ...signalOf(options) }));
  }

  /** Note that somebody has looked at it. */
  acknowledge(security_event_id: string, options: CallOptions = {}): Promise<SecurityEvent> {
    const params = { path: { security_event_id } };
    return dataOf(this.api.POST("/api/v1/security-events/{security_event_id}/acknowledge", { params, ...signalOf(options) }));
  }
}
