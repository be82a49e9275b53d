/** What the calls of the service share. */

import type { Transport } from "../api/transport.ts";

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** One part of the API. */
export class Calls {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  protected get api(): Transport["api"] {
    return this.transport.api;
  }
}

/** The signal as openapi-fetch takes it. */
export function signalOf({ signal }: CallOptions): { signal: AbortSignal | null } {
  return { signal: signal ?? null };
}
