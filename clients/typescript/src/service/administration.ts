/** What operators do: accounts and users of the installation, dead letters, and its figures. */

import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type {
  AccountFilter,
  DeadLetterPage,
  EffectiveSettings,
  InstallationUsage,
  Job,
  ManagedAccount,
  ManagedAccountChange,
  ManagedAccountPage,
  ManagedUser,
  ManagedUserChange,
  ManagedUserPage,
  MemberPage,
  Queue,
  UserFilter,
} from "./types.ts";

const ACCOUNT = "/api/v1/admin/accounts/{account_id}";
const USER = "/api/v1/admin/users/{user_id}";
const RESET = "/api/v1/admin/users/{user_id}/factor-reset";
const LETTERS = "/api/v1/admin/dead-letters";

export class Administration extends Calls {
  readonly #public: Transport["api"];

  constructor(transport: Transport, anonymous: Transport) {
    super(transport);
    this.#public = anonymous.api;
  }

  accounts(query: AccountFilter = {}, options: CallOptions = {}): Promise<ManagedAccountPage> {
    return dataOf(this.api.GET("/api/v1/admin/accounts", { params: { query }, ...signalOf(options) }));
  }

  account(account_id: string, options: CallOptions = {}): Promise<ManagedAccount> {
    return dataOf(this.api.GET(ACCOUNT, { params: { path: { account_id } }, ...signalOf(options) }));
  }

  changeAccount(account_id: string, body: ManagedAccountChange, options: CallOptions = {}): Promise<ManagedAccount> {
    return dataOf(this.api.PATCH(ACCOUNT, { params: { path: { account_id } }, body, ...signalOf(options) }));
  }

  members(account_id: string, options: CallOptions = {}): Promise<MemberPage> {
    return dataOf(this.api.GET(`${ACCOUNT}/members`, { params: { path: { account_id } }, ...signalOf(options) }));
  }

  users(query: UserFilter = {}, options: CallOptions = {}): Promise<ManagedUserPage> {
    return dataOf(this.api.GET("/api/v1/admin/users", { params: { query }, ...signalOf(options) }));
  }

  user(user_id: string, options: CallOptions = {}): Promise<ManagedUser> {
    return dataOf(this.api.GET(USER, { params: { path: { user_id } }, ...signalOf(options) }));
  }

  changeUser(user_id: string, body: ManagedUserChange, options: CallOptions = {}): Promise<ManagedUser> {
    return dataOf(this.api.PATCH(USER, { params: { path: { user_id } }, body, ...signalOf(options) }));
  }

  /** Forget the wrong passwords that delay the user's next log-in. */
  async unlock(user_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.POST(`${USER}/unlock`, { params: { path: { user_id } }, ...signalOf(options) });
  }

  async endSessions(user_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(`${USER}/sessions`, { params: { path: { user_id } }, ...signalOf(options) });
  }

  /** Ask for the removal of a user's second factors; another operator or the user confirms it. */
  requestFactorReset(user_id: string, reason: string | null, options: CallOptions = {}): Promise<ManagedUser> {
    const params = { path: { user_id } };
    return dataOf(this.api.POST(RESET, { params, body: { reason }, ...signalOf(options) }));
  }

  confirmFactorReset(user_id: string, options: CallOptions = {}): Promise<ManagedUser> {
    return dataOf(this.api.POST(`${RESET}/confirm`, { params: { path: { user_id } }, ...signalOf(options) }));
  }

  async withdrawFactorReset(user_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(RESET, { params: { path: { user_id } }, ...signalOf(options) });
  }

  /** Remove the second factors, or refuse that, as the user with the link of a mail; it needs no session. */
  async answerFactorReset(token: string, answer: "confirm" | "refuse", options: CallOptions = {}): Promise<void> {
    await this.#public.POST(`/api/v1/auth/factors/reset/${answer}`, { body: { token }, ...signalOf(options) });
  }

  deadLetters(query: { limit?: number; cursor?: string } = {}, options: CallOptions = {}): Promise<DeadLetterPage> {
    return dataOf(this.api.GET(LETTERS, { params: { query }, ...signalOf(options) }));
  }

  redrive(job_id: string, options: CallOptions = {}): Promise<Job> {
    const params = { path: { job_id } };
    return dataOf(this.api.POST(`${LETTERS}/{job_id}/redrive`, { params, ...signalOf(options) }));
  }

  usage(options: CallOptions = {}): Promise<InstallationUsage> {
    return dataOf(this.api.GET("/api/v1/admin/usage", signalOf(options)));
  }

  queue(options: CallOptions = {}): Promise<Queue> {
    return dataOf(this.api.GET("/api/v1/admin/queue", signalOf(options)));
  }

  settings(options: CallOptions = {}): Promise<EffectiveSettings> {
    return dataOf(this.api.GET("/api/v1/admin/settings", signalOf(options)));
  }
}
