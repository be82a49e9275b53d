/** The session of a page: the access token in memory, the refresh token in a cookie that no script can read. */

import { waitFor } from "../api/delays.ts";
import { SignedOut, UnexpectedAnswer } from "../api/failures.ts";
import { readJson } from "../api/http.ts";
import { ApiProblem } from "../api/problem.ts";
import type { AuthorizationBegun, AuthorizationFinished, AuthorizationStart } from "../service/types.ts";
import { AccessToken, type Grant } from "./access.ts";
import { callSession, readGrant } from "./call.ts";
import { withLock } from "./locks.ts";
import { serviceUrl, type Proof, type Session } from "./session.ts";

/** `unknown` until `resume` or `signIn`: a new tab may have the cookie or not. */
export type SessionState = "unknown" | "signed-in" | "signed-out";

const PATH = "/api/v1/auth/session";
// No form, link or page of another origin can send it.
const OWN_PAGE = { "X-CSRF": "1" };
const ENDED = "ended";
/** Of the channel, and of the lock: whatever changes the cookie takes it, so that no answer undoes that of a later request. */
const NAME = "imageshield-session";

export class BrowserSession implements Session {
  readonly url: string;
  readonly #listeners = new Set<() => void>();
  readonly #otherTabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(NAME);
  #state: SessionState = "unknown";
  #access: AccessToken | null = null;
  #refreshing: Promise<AccessToken> | null = null;
  #asking: Promise<boolean> | null = null;

  constructor({ url = location.origin }: { url?: string } = {}) {
    this.url = serviceUrl(url);
    if (this.#otherTabs !== null) {
      this.#otherTabs.onmessage = ({ data }) => { if (data === ENDED) this.#enter("signed-out", null); };
    }
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Call the listener after each change of `state`; returns how to stop. Made for `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  /** Stop listening to other tabs. */
  close(): void {
    this.#otherTabs?.close();
  }

  /** Sign in. Throws ApiProblem if the service refuses. */
  async signIn(email: string, password: string, signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify({ email, password });
    const grant = () => this.#post(PATH, { "Content-Type": "application/json" }, body, signal);
    this.#enter("signed-in", await withLock(NAME, grant));
  }

  /**
   * Begin a sign-in by an identity provider and return the address to open; to link an identity to the user, or to confirm
   * who that is, with the token of this session.
   */
  async begin(provider: string, { purpose, return_to }: AuthorizationStart, signal?: AbortSignal): Promise<string> {
    const token = purpose === "login" ? {} : { Authorization: `Bearer ${await this.token(signal)}` };
    const answer = await this.#send(`${providerPath(provider)}/start`, token, { purpose, return_to }, signal);
    return readAddress(answer);
  }

  /** Finish what was begun, with the query that the provider sent the browser back with. */
  async finish(provider: string, query: URLSearchParams, signal?: AbortSignal): Promise<AuthorizationFinished> {
    const body = Object.fromEntries(["state", "code", "error", "iss"].flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])));
    return withLock(NAME, async () => {
      const answer = await this.#send(`${providerPath(provider)}/finish`, {}, body, signal);
      const finished = (await readJson(answer)) as AuthorizationFinished;
      const { access_token, expires_in } = finished;
      if (access_token !== null && expires_in !== null) this.#enter("signed-in", new AccessToken({ access_token, expires_in }));
      return finished;
    });
  }

  /** Finish a sign-in that was refused as `second-factor-required`, with its `pending`. */
  async finishSignIn(pending: string, proof: Proof): Promise<void> {
    this.#enter("signed-in", await withLock(NAME, () => this.#prove(`${PATH}/second-factor`, { pending, ...proof })));
  }

  /** Sign in with a passkey alone: the answer to `passkeyOptions()`. */
  async signInByPasskey(passkey: object): Promise<void> {
    this.#enter("signed-in", await withLock(NAME, () => this.#prove(`${PATH}/passkey`, { passkey })));
  }

  /** Options for `navigator.credentials.get`: as the second factor of a sign-in, or alone. */
  passkeyOptions(pending?: string): Promise<object> {
    return this.#options(`${PATH}/passkey/options`, {}, pending === undefined ? {} : { pending });
  }

  /** Options for `navigator.credentials.get`, to confirm with a passkey of the user. */
  async confirmOptions(): Promise<object> {
    return this.#options(`${PATH}/confirm/options`, await this.#bearer());
  }

  /** Confirm who uses the session: with the password and a second factor if there is one, or with a passkey. */
  async confirmBy(proof: Proof & { password?: string }): Promise<void> {
    this.#enter("signed-in", await this.#prove(`${PATH}/confirm`, proof, await this.#bearer()));
  }

  /** How the page asks the person to confirm who they are: true once `confirmBy` has succeeded. */
  whenAsked: (() => Promise<boolean>) | null = null;

  /** Ask once for all requests that wait for it. */
  async confirm(refused: string): Promise<string | null> {
    if (this.#access !== null && this.#access.text !== refused && this.#access.isConfirmed) return this.#access.text;
    this.#asking ??= (this.whenAsked?.() ?? Promise.resolve(false)).finally(() => { this.#asking = null; });
    return (await this.#asking) && this.#access !== null ? this.#access.text : null;
  }

  /** Continue the session of the cookie, if there is one. Throws Offline or a passing refusal if that is unknown. */
  async resume(): Promise<boolean> {
    if (this.#access?.isFresh) return true;
    try {
      await this.#refresh();
      return true;
    } catch (error) {
      if (error instanceof SignedOut) return false;
      throw error;
    }
  }

  /** End the session in all tabs. If the service cannot be reached, the session goes on and the error is thrown. */
  async signOut(): Promise<void> {
    const request = { method: "DELETE", url: this.url + PATH, headers: OWN_PAGE, credentials: "same-origin" } as const;
    await withLock(NAME, () => callSession(request));
    this.#end();
  }

  async token(signal?: AbortSignal): Promise<string> {
    if (this.#state === "signed-out") throw new SignedOut("You are signed out. Sign in again");
    const access = this.#access;
    if (access?.isFresh) return access.text;
    try {
      return (await waitFor(this.#refresh(), signal)).text;
    } catch (error) {
      // The old token is still good while the service cannot give a new one.
      if (access?.isValid && !signal?.aborted && !(error instanceof SignedOut)) return access.text;
      throw error;
    }
  }

  async renew(refused: string, signal?: AbortSignal): Promise<string> {
    if (this.#access !== null && this.#access.text !== refused) return this.#access.text;
    return (await waitFor(this.#refresh(), signal)).text;
  }

  /** Refresh once for all who wait. No caller can abort it: the service would have spent the cookie, and this side not. */
  #refresh(): Promise<AccessToken> {
    this.#refreshing ??= withLock(NAME, () => this.#exchangeCookie()).finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  async #exchangeCookie(): Promise<AccessToken> {
    const before = this.#access?.account ?? null;
    const access = await this.#post(`${PATH}/refresh`).catch((error: unknown) => {
      if (!isRefused(error)) throw error;
      // A tab that had no session knows nothing of the others.
      if (this.#access === null) this.#enter("signed-out", null);
      else this.#end();
      throw new SignedOut("The session has ended. Sign in again", { cause: error });
    });
    if (before !== null && access.account !== before) {
      this.#enter("signed-out", null);
      throw new SignedOut("Another account has signed in in this browser");
    }
    this.#enter("signed-in", access);
    return access;
  }

  #send(path: string, headers: Record<string, string>, body: object, signal?: AbortSignal): Promise<Response> {
    const request = { method: "POST", url: this.url + path, body: JSON.stringify(body), signal };
    return callSession({ ...request, headers: { ...OWN_PAGE, "Content-Type": "application/json", ...headers }, credentials: "same-origin" });
  }

  async #post(path: string, headers: Record<string, string> = {}, body?: string, signal?: AbortSignal): Promise<AccessToken> {
    const request = { method: "POST", url: this.url + path, headers: { ...OWN_PAGE, ...headers }, body, signal };
    const answer = await callSession({ ...request, credentials: "same-origin" });
    return new AccessToken(await readGrant<Grant>(answer));
  }

  #prove(path: string, body: object, headers: Record<string, string> = {}): Promise<AccessToken> {
    return this.#post(path, { "Content-Type": "application/json", ...headers }, JSON.stringify(body));
  }

  async #options(path: string, headers: Record<string, string>, body?: object): Promise<object> {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    const request = { method: "POST", url: this.url + path, headers: { ...OWN_PAGE, ...json, ...headers }, body: body && JSON.stringify(body) };
    return ((await readJson(await callSession(request))) as { options: object }).options;
  }

  async #bearer(): Promise<Record<string, string>> {
    return { Authorization: `Bearer ${await this.token()}` };
  }

  #end(): void {
    // The word alone: a token in a message could be read by anything that runs on this origin.
    this.#otherTabs?.postMessage(ENDED);
    this.#enter("signed-out", null);
  }

  #enter(state: SessionState, access: AccessToken | null): void {
    const changed = state !== this.#state;
    this.#state = state;
    this.#access = access;
    if (changed) for (const listener of this.#listeners) listener();
  }
}

const providerPath = (provider: string): string => `/api/v1/auth/oidc/${encodeURIComponent(provider)}`;

/** Read the address of a provider. No other scheme than those of pages is opened: `javascript:` would run here. */
async function readAddress(answer: Response): Promise<string> {
  const { authorization_url } = (await readJson(answer)) as Partial<AuthorizationBegun>;
  if (typeof authorization_url === "string" && /^https?:\/\//.test(authorization_url)) return authorization_url;
  throw new UnexpectedAnswer(answer.status, null);
}

function isRefused(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401;
}
