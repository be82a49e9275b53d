/** The account of the caller, and what everybody may ask. */

import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Account } from "./types.ts";

export class Accounts extends Calls {
  readonly #public: Transport["api"];

  constructor(transport: Transport, anonymous: Transport) {
    super(transport);
    this.#public = anonymous.api;
  }

  /** Make an account; the first one of an installation is its operator. */
  register(email: string, password: string, options: CallOptions = {}): Promise<Account> {
    return dataOf(this.#public.POST("/api/v1/auth/register", { body: { email, password }, ...signalOf(options) }));
  }
}
