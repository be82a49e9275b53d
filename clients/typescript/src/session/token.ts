/** The session of a program: a token that it was given, or an account's password or refresh token. */

import { waitFor } from "../api/delays.ts";
import { SignedOut } from "../api/failures.ts";
import { ApiProblem } from "../api/problem.ts";
import { AccessToken, type Grant } from "./access.ts";
import { callSession, readGrant } from "./call.ts";
import { serviceUrl, type Session } from "./session.ts";

export type Credentials = { token: string } | { email: string; password: string } | { refresh_token: string };

interface TokenPair extends Grant {
  refresh_token: string;
}

export class TokenSession implements Session {
  readonly url: string;
  readonly #credentials: Credentials;
  #access: AccessToken | null = null;
  #refreshToken: string | null;
  #renewing: Promise<AccessToken> | null = null;

  constructor(options: { url: string } & Credentials) {
    this.url = serviceUrl(options.url);
    this.#credentials = options;
    this.#refreshToken = "refresh_token" in options ? options.refresh_token : null;
  }

  async token(signal?: AbortSignal): Promise<string> {
    if ("token" in this.#credentials) return this.#credentials.token;
    return this.#access?.isFresh ? this.#access.text : (await waitFor(this.#renew(), signal)).text;
  }

  async renew(refused: string, signal?: AbortSignal): Promise<string> {
    if ("token" in this.#credentials) throw new SignedOut("The service refuses the token: it has expired or was revoked");
    if (this.#access !== null && this.#access.text !== refused) return this.#access.text;
    return (await waitFor(this.#renew(), signal)).text;
  }

  /** End the login session, so that none of its tokens is good any more. */
  async signOut(): Promise<void> {
    if (this.#access === null) return;
    const headers = { Authorization: `Bearer ${this.#access.text}` };
    await callSession({ method: "POST", url: `${this.url}/api/v1/auth/logout`, headers });
    this.#access = this.#refreshToken = null;
  }

  // A refresh token works once: two renewals at the same time would end the session.
  #renew(): Promise<AccessToken> {
    this.#renewing ??= this.#exchange().finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  async #exchange(): Promise<AccessToken> {
    if (this.#refreshToken !== null) {
      try {
        return await this.#request({ grant_type: "refresh_token", refresh_token: this.#refreshToken });
      } catch (error) {
        if (!isEnded(error)) throw error;
        this.#refreshToken = null;
      }
    }
    if (!("password" in this.#credentials)) throw new SignedOut("The refresh token has expired or was used before");
    const { email, password } = this.#credentials;
    return this.#request({ grant_type: "password", username: email, password });
  }

  async #request(form: Record<string, string>): Promise<AccessToken> {
    const url = `${this.url}/api/v1/auth/token`;
    const pair = await readGrant<TokenPair>(await callSession({ method: "POST", url, headers: {}, body: new URLSearchParams(form) }));
    this.#refreshToken = pair.refresh_token;
    this.#access = new AccessToken(pair);
    return this.#access;
  }
}

function isEnded(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "invalid-grant";
}
