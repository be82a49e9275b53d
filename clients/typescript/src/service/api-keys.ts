/** API keys of the account, for programs. */

import { randomId } from "../api/ids.ts";
import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { ApiKey, ApiKeyChange, ApiKeyFilter, ApiKeyPage, ApiKeyWithSecret, NewApiKey } from "./types.ts";

const ALL = "/api/v1/auth/keys";
const ONE = "/api/v1/auth/keys/{api_key_id}";

export class ApiKeys extends Calls {
  list(query: ApiKeyFilter = {}, options: CallOptions = {}): Promise<ApiKeyPage> {
    return dataOf(this.api.GET(ALL, { params: { query }, ...signalOf(options) }));
  }

  get(api_key_id: string, options: CallOptions = {}): Promise<ApiKey> {
    return dataOf(this.api.GET(ONE, { params: { path: { api_key_id } }, ...signalOf(options) }));
  }

  /** Make a key. Its secret is shown in this answer only. */
  create(body: NewApiKey, options: CallOptions = {}): Promise<ApiKeyWithSecret> {
    return dataOf(this.api.POST(ALL, { params: { header: newKey() }, body, ...signalOf(options) }));
  }

  change(api_key_id: string, body: ApiKeyChange, options: CallOptions = {}): Promise<ApiKey> {
    return dataOf(this.api.PATCH(ONE, { params: { path: { api_key_id } }, body, ...signalOf(options) }));
  }

  /** Replace a key by a new one with the same rights. The old one is valid for `grace_hours` more. */
  rotate(api_key_id: string, grace_hours: number, options: CallOptions = {}): Promise<ApiKeyWithSecret> {
    const params = { path: { api_key_id }, header: newKey() };
    return dataOf(this.api.POST(`${ONE}/rotate`, { params, body: { grace_hours }, ...signalOf(options) }));
  }

  async revoke(api_key_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(ONE, { params: { path: { api_key_id } }, ...signalOf(options) });
  }
}

function newKey(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": randomId() };
}
