/** The members of an account, and invitations to it. */

import { randomId } from "../api/ids.ts";
import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { InvitationOffer, InvitationPage, InvitationWithLink, Member, MemberPage, Membership, Role } from "./types.ts";

const ALL = "/api/v1/accounts/{account_id}/members";
const ONE = "/api/v1/accounts/{account_id}/members/{user_id}";
const INVITATIONS = "/api/v1/accounts/{account_id}/invitations";
const INVITATION = "/api/v1/accounts/{account_id}/invitations/{invitation_id}";

export class Members extends Calls {
  readonly #public: Transport["api"];

  constructor(transport: Transport, anonymous: Transport) {
    super(transport);
    this.#public = anonymous.api;
  }

  list(account_id: string, options: CallOptions = {}): Promise<MemberPage> {
    return dataOf(this.api.GET(ALL, { params: { path: { account_id } }, ...signalOf(options) }));
  }

  changeRole(account_id: string, user_id: string, role: Role, options: CallOptions = {}): Promise<Member> {
    return dataOf(this.api.PATCH(ONE, { params: { path: { account_id, user_id } }, body: { role }, ...signalOf(options) }));
  }

  async remove(account_id: string, user_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(ONE, { params: { path: { account_id, user_id } }, ...signalOf(options) });
  }

  /** End the user's own membership. */
  async leave(account_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(`${ALL}/me`, { params: { path: { account_id } }, ...signalOf(options) });
  }

  /** List the open invitations. */
  invitations(account_id: string, options: CallOptions = {}): Promise<InvitationPage> {
    return dataOf(this.api.GET(INVITATIONS, { params: { path: { account_id } }, ...signalOf(options) }));
  }

  /** Invite an address. Where the installation sends no mail, `link` is for the invited person. */
  invite(account_id: string, email: string, role: Role, options: CallOptions = {}): Promise<InvitationWithLink> {
    const params = { path: { account_id }, header: { "Idempotency-Key": randomId() } };
    return dataOf(this.api.POST(INVITATIONS, { params, body: { email, role }, ...signalOf(options) }));
  }

  /** Mail an invitation again, with a new link. */
  resend(account_id: string, invitation_id: string, options: CallOptions = {}): Promise<InvitationWithLink> {
    return dataOf(this.api.POST(`${INVITATION}/resend`, { params: { path: { account_id, invitation_id } }, ...signalOf(options) }));
  }

  async revoke(account_id: string, invitation_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(INVITATION, { params: { path: { account_id, invitation_id } }, ...signalOf(options) });
  }

  /** Return what the link of a mail offers; it uses nothing, and needs no session. */
  offer(token: string, options: CallOptions = {}): Promise<InvitationOffer> {
    return dataOf(this.#public.POST("/api/v1/invitations/show", { body: { token }, ...signalOf(options) }));
  }

  /** Accept an invitation to the user's own address. */
  accept(token: string, options: CallOptions = {}): Promise<Membership> {
    return dataOf(this.api.POST("/api/v1/invitations/accept", { body: { token }, ...signalOf(options) }));
  }
}
