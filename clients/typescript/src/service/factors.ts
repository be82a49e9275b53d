/** What a user signs in with besides the password: authenticator app, passkeys, recovery codes. */

import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { AddedPasskey, ConfirmedFactor, CreatedCredential, FactorOverview, NewAuthenticatorApp, Passkey, RecoveryCodes } from "./types.ts";

const ALL = "/api/v1/auth/factors";
const APP = "/api/v1/auth/factors/authenticator-app";
const PASSKEYS = "/api/v1/auth/factors/passkeys";
const PASSKEY = "/api/v1/auth/factors/passkeys/{passkey_id}";

export class Factors extends Calls {
  /** Return the factors of the user, and how many recovery codes are left. */
  get(options: CallOptions = {}): Promise<FactorOverview> {
    return dataOf(this.api.GET(ALL, signalOf(options)));
  }

  /** Begin to set up an authenticator app. It is no factor until `confirmApp`. */
  beginApp(options: CallOptions = {}): Promise<NewAuthenticatorApp> {
    return dataOf(this.api.POST(APP, signalOf(options)));
  }

  /** Finish the set-up with a code of the app. Recovery codes are in this answer only, and only with the first factor. */
  confirmApp(code: string, options: CallOptions = {}): Promise<ConfirmedFactor> {
    return dataOf(this.api.POST(`${APP}/confirm`, { body: { code }, ...signalOf(options) }));
  }

  async removeApp(options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(APP, signalOf(options));
  }

  /** Return options for `navigator.credentials.create`: good once, for five minutes. */
  async passkeyOptions(options: CallOptions = {}): Promise<object> {
    const begun = await dataOf(this.api.POST(`${PASSKEYS}/options`, signalOf(options)));
    return begun.options;
  }

  /** Add what `navigator.credentials.create` has made. Recovery codes are in this answer only, and only with the first factor. */
  addPasskey(name: string, credential: CreatedCredential, options: CallOptions = {}): Promise<AddedPasskey> {
    return dataOf(this.api.POST(PASSKEYS, { body: { name, credential }, ...signalOf(options) }));
  }

  renamePasskey(passkey_id: string, name: string, options: CallOptions = {}): Promise<Passkey> {
    return dataOf(this.api.PATCH(PASSKEY, { params: { path: { passkey_id } }, body: { name }, ...signalOf(options) }));
  }

  async removePasskey(passkey_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(PASSKEY, { params: { path: { passkey_id } }, ...signalOf(options) });
  }

  /** Make ten new recovery codes; those before end. They are in this answer only. */
  renewRecoveryCodes(options: CallOptions = {}): Promise<RecoveryCodes> {
    return dataOf(this.api.POST(`${ALL}/recovery-codes`, signalOf(options)));
  }
}
