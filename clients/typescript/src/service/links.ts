/** What the links of mails do, and the requests for such mails. None but `changeAddress` needs a session. */

import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Account, PendingAddress } from "./types.ts";

export class MailLinks extends Calls {
  readonly #public: Transport["api"];

  constructor(transport: Transport, anonymous: Transport) {
    super(transport);
    this.#public = anonymous.api;
  }

  /** Confirm the address of a registration: the account is made now. */
  verifyAddress(token: string, options: CallOptions = {}): Promise<Account> {
    return dataOf(this.#public.POST("/api/v1/auth/verify-email", { body: { token }, ...signalOf(options) }));
  }

  /** Have a link mailed that sets a new password, if the address has an account. */
  forgotPassword(email: string, options: CallOptions = {}): Promise<PendingAddress> {
    return dataOf(this.#public.POST("/api/v1/auth/password/reset", { body: { email }, ...signalOf(options) }));
  }

  /** Set a new password. All sessions of the user end. */
  async resetPassword(token: string, password: string, options: CallOptions = {}): Promise<void> {
    await this.#public.POST("/api/v1/auth/password/reset/confirm", { body: { token, password }, ...signalOf(options) });
  }

  /** Have a link mailed that makes this address the one of the user; the present one is confirmed by it. */
  changeAddress(email: string, options: CallOptions = {}): Promise<PendingAddress> {
    return dataOf(this.api.POST("/api/v1/auth/email", { body: { email }, ...signalOf(options) }));
  }

  /** Make the address the one that the user signs in with. */
  confirmAddress(token: string, options: CallOptions = {}): Promise<PendingAddress> {
    return dataOf(this.#public.POST("/api/v1/auth/email/confirm", { body: { token }, ...signalOf(options) }));
  }
}
