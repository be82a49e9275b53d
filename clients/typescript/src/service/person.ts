/** The user's own sign-in, wishes and end: password, address, login sessions, mails, erasure; the export of an account. */

import { randomId } from "../api/ids.ts";
import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Erasure, Job, LoginSessions, MailChoices, MailPreferences, PendingAddress } from "./types.ts";

const SESSIONS = "/api/v1/auth/sessions";
const ME = "/api/v1/me";
const MAILS = "/api/v1/me/mail-preferences";

export class Person extends Calls {
  /** Change the password. All other login sessions end. */
  async changePassword(current_password: string, password: string, options: CallOptions = {}): Promise<void> {
    await this.api.POST("/api/v1/auth/password", { body: { current_password, password }, ...signalOf(options) });
  }

  /** Ask for a mail to a new address, whose link makes it the one of the user. */
  changeAddress(email: string, options: CallOptions = {}): Promise<PendingAddress> {
    return dataOf(this.api.POST("/api/v1/auth/email", { body: { email }, ...signalOf(options) }));
  }

  /** List the login sessions of the user, the last used first. */
  sessions(options: CallOptions = {}): Promise<LoginSessions> {
    return dataOf(this.api.GET(SESSIONS, signalOf(options)));
  }

  /** End one login session. */
  async endSession(session_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(`${SESSIONS}/{session_id}`, { params: { path: { session_id } }, ...signalOf(options) });
  }

  /** End all login sessions but this one. */
  async endOtherSessions(options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(SESSIONS, signalOf(options));
  }

  /** Return which notices the user gets by mail. */
  mailPreferences(options: CallOptions = {}): Promise<MailPreferences> {
    return dataOf(this.api.GET(MAILS, signalOf(options)));
  }

  /** Choose notices; what is not named stays as it is. */
  changeMailPreferences(body: MailChoices, options: CallOptions = {}): Promise<MailPreferences> {
    return dataOf(this.api.PATCH(MAILS, { body, ...signalOf(options) }));
  }

  /** Begin an export of the account that requests are for, as its owner: a job whose result is a zip. */
  exportData(options: CallOptions = {}): Promise<Job> {
    return dataOf(this.api.POST(`${ME}/export`, { params: { header: { "Idempotency-Key": randomId() } }, ...signalOf(options) }));
  }

  /** Close the personal account, and erase it and the user after some days; 0 is at once. */
  erase(grace_days: number, options: CallOptions = {}): Promise<Erasure> {
    return dataOf(this.api.DELETE(ME, { body: { grace_days }, ...signalOf(options) }));
  }

  /** Return when the user will be erased. */
  erasure(options: CallOptions = {}): Promise<Erasure> {
    return dataOf(this.api.GET(`${ME}/erasure`, signalOf(options)));
  }

  /** Cancel the erasure of the user. */
  async keep(options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(`${ME}/erasure`, signalOf(options));
  }
}
