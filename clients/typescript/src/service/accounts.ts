/** The user who calls, the user's accounts, and what everybody may ask. */

import { randomId } from "../api/ids.ts";
import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Challenge, Erasure, Identities, Me, Membership, MembershipPage, Providers, Registered, Setup, Tiers, Usage, UsagePeriod } from "./types.ts";

const ALL = "/api/v1/accounts";
const ONE = "/api/v1/accounts/{account_id}";

export class Accounts extends Calls {
  readonly #public: Transport["api"];

  constructor(transport: Transport, anonymous: Transport) {
    super(transport);
    this.#public = anonymous.api;
  }

  /**
   * Make a user with a personal account. Without `account_id` in the answer the address has to be confirmed first: a mail
   * is on its way. `operator_code` makes the first operator; `imageshield up` prints it. `proof_of_work` is the solution
   * of a `challenge`, where `setup` asks for one: `solve` of `@imageshield/client/proof-of-work` finds it.
   */
  register(email: string, password: string, options: CallOptions & { operator_code?: string; proof_of_work?: string } = {}): Promise<Registered> {
    const { operator_code, proof_of_work } = options;
    const body = { email, password, ...(operator_code !== undefined && { operator_code }), ...(proof_of_work !== undefined && { proof_of_work }) };
    return dataOf(this.#public.POST("/api/v1/auth/register", { body, ...signalOf(options) }));
  }

  /** Return a challenge whose solution is good for one registration within ten minutes. */
  challenge(options: CallOptions = {}): Promise<Challenge> {
    return dataOf(this.#public.GET("/api/v1/auth/challenge", signalOf(options)));
  }

  /** Return whose token this is. */
  me(options: CallOptions = {}): Promise<Me> {
    return dataOf(this.api.GET("/api/v1/me", signalOf(options)));
  }

  /** List the accounts that the user is a member of, the personal one first. */
  list(options: CallOptions = {}): Promise<MembershipPage> {
    return dataOf(this.api.GET(ALL, signalOf(options)));
  }

  /** Make an account that people can share; the user is its owner. */
  create(name: string, options: CallOptions = {}): Promise<Membership> {
    const params = { header: { "Idempotency-Key": randomId() } };
    return dataOf(this.api.POST(ALL, { params, body: { name }, ...signalOf(options) }));
  }

  rename(account_id: string, name: string, options: CallOptions = {}): Promise<Membership> {
    return dataOf(this.api.PATCH(ONE, { params: { path: { account_id } }, body: { name }, ...signalOf(options) }));
  }

  /** Close an account whose jobs have ended, and erase it after some days: nothing is done for it any more. */
  close(account_id: string, grace_days: number, options: CallOptions = {}): Promise<Erasure> {
    return dataOf(this.api.POST(`${ONE}/close`, { params: { path: { account_id } }, body: { grace_days }, ...signalOf(options) }));
  }

  /** Return when a closed account will be erased. */
  erasure(account_id: string, options: CallOptions = {}): Promise<Erasure> {
    return dataOf(this.api.GET(`${ONE}/erasure`, { params: { path: { account_id } }, ...signalOf(options) }));
  }

  /** Cancel the erasure of an account: it is open again. */
  async keep(account_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(`${ONE}/erasure`, { params: { path: { account_id } }, ...signalOf(options) });
  }

  /** Make another member the owner in the user's place. */
  async handOver(account_id: string, user_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.POST(`${ONE}/hand-over`, { params: { path: { account_id } }, body: { user_id }, ...signalOf(options) });
  }

  /** Return the identity providers by which people can sign in. */
  providers(options: CallOptions = {}): Promise<Providers> {
    return dataOf(this.#public.GET("/api/v1/auth/providers", signalOf(options)));
  }

  /** Return the identities by which the user can sign in. */
  identities(options: CallOptions = {}): Promise<Identities> {
    return dataOf(this.api.GET("/api/v1/auth/identities", signalOf(options)));
  }

  /** Unlink an identity: it no longer signs the user in. */
  async unlink(identity_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE("/api/v1/auth/identities/{identity_id}", { params: { path: { identity_id } }, ...signalOf(options) });
  }

  /** Return what the account has used of its tier, in its month of today or of another day. */
  usage(query: UsagePeriod = {}, options: CallOptions = {}): Promise<Usage> {
    return dataOf(this.api.GET("/api/v1/usage", { params: { query }, ...signalOf(options) }));
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
