/** Security events: what the rules on the audit trail found in an account; for operators, in the installation. */

import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { SecurityEvent, SecurityEventFilter, SecurityEventPage } from "./types.ts";

type Path = "/api/v1/security-events" | "/api/v1/admin/security-events";

export class SecurityEvents extends Calls {
  readonly #path: Path;

  constructor(transport: Transport, path: Path) {
    super(transport);
    this.#path = path;
  }

  list(query: SecurityEventFilter = {}, options: CallOptions = {}): Promise<SecurityEventPage> {
    return dataOf(this.api.GET(this.#path, { params: { query }, ...signalOf(options) }));
  }

  /** Note that somebody has looked at it. */
  acknowledge(security_event_id: string, options: CallOptions = {}): Promise<SecurityEvent> {
    const params = { path: { security_event_id } };
    return dataOf(this.api.POST(`${this.#path}/{security_event_id}/acknowledge`, { params, ...signalOf(options) }));
  }
}
