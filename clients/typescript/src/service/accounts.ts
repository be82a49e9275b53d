/** The account of the caller, and what everybody may ask. */

import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Account, Me, Setup, Tiers } from "./types.ts";

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

  /** Return whose token this is. */
  me(options: CallOptions = {}): Promise<Me> {
    return dataOf(this.api.GET("/api/v1/me", signalOf(options)));
  }

  /** Return whether the installation is still empty; then the first account is its operator. */
  setup(options: CallOptions = {}): Promise<Setup> {
    return dataOf(this.#public.GET("/api/v1/setup", signalOf(options)));
  }

  /** Return what the operator offers, to show it. */
  tiers(options: CallOptions = {}): Promise<Tiers> {
    return dataOf(this.#public.GET("/api/v1/tiers", signalOf(options)));
  }
}
