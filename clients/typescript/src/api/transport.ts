/** Authorized requests to one service: refreshed after a 401, confirmed where the service asks, repeated where that is safe, refusals thrown. */

import createFetch, { type Client as Api } from "openapi-fetch";

import { sleep } from "./delays.ts";
import { failureOf, isPassing } from "./failures.ts";
import { exchange, type Sent } from "./http.ts";
import { randomId } from "./ids.ts";
import { ApiProblem, readRefusal } from "./problem.ts";
import type { paths } from "./schema.ts";
import type { Session } from "../session/session.ts";

export interface Call {
  method: string;
  /** With its query; the service's address is put in front. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Blob | FormData | undefined;
  signal?: AbortSignal | undefined;
  onUpload?: ((progress: Sent) => void) | undefined;
  timeout?: number;
}

const TIMEOUT_MILLISECONDS = 30_000;
/** A repetition that has to wait longer is for the caller to decide. */
const MAX_WAIT_SECONDS = 10;
const MAX_REPETITIONS = 2;

export class Transport {
  readonly session: Session;
  /** Every operation of docs/openapi.json, typed. Refusals are thrown, so `data` is there. */
  readonly api: Api<paths>;

  readonly #account: () => string | null;

  /** `account` returns the account that a request is for; null leaves it to the credential. */
  constructor(session: Session, account: () => string | null = () => null) {
    this.session = session;
    this.#account = account;
    this.api = createFetch<paths>({ baseUrl: session.url, fetch: (request) => this.#fetch(request) });
  }

  /** Send a request; repeat it if it can be repeated and the failure is a passing one. */
  async send(call: Call): Promise<Response> {
    const named: Call = { ...call, headers: { "X-Request-ID": randomId(), ...call.headers } };
    for (let repetition = 0; ; repetition++) {
      try {
        return await this.#authorized(named);
      } catch (error) {
        if (repetition >= MAX_REPETITIONS || !mayRepeat(named, error)) throw error;
        await sleep(pause(error, repetition) * 1000, named.signal);
      }
    }
  }

  /** Send with the session's token; once more with a new one if the service refuses the first. */
  async #authorized(call: Call): Promise<Response> {
    const token = await this.session.token(call.signal);
    const answer = await this.#exchange(call, token);
    if (answer.ok) return answer;
    const refusal = await readRefusal(answer, call.headers?.["X-Request-ID"] ?? null);
    const other = token === null || !(refusal instanceof ApiProblem) ? null : await this.#replace(token, refusal, call.signal);
    if (other === null) throw refusal;
    const again = await this.#exchange(call, other);
    if (again.ok) return again;
    throw await readRefusal(again, call.headers?.["X-Request-ID"] ?? null);
  }

  /** Return the token with which a refused request may be repeated; null if there is none. */
  async #replace(token: string, refusal: ApiProblem, signal: AbortSignal | undefined): Promise<string | null> {
    if (refusal.status === 401) return this.session.renew(token, signal);
    if (refusal.code === "reauthentication-required") return (await this.session.confirm?.(token)) ?? null;
    return null;
  }

  #exchange(call: Call, token: string | null): Promise<Response> {
    const { method, path, body, signal, onUpload, timeout = TIMEOUT_MILLISECONDS } = call;
    const account = this.#account();
    const headers = { ...(account === null ? {} : { "X-Account": account }), ...call.headers, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) };
    return exchange({ method, url: this.session.url + path, headers, body, signal, onUpload, timeout });
  }

  async #fetch(request: Request): Promise<Response> {
    const { method, signal, headers } = request;
    const path = request.url.slice(this.session.url.length);
    // Firefox has no `Request.body`, which would tell no body from an empty one; no operation takes an empty one.
    const body = (await request.text()) || undefined;
    return this.send({ method, path, headers: Object.fromEntries(headers), body, signal });
  }
}

/** Return what an operation of `Transport.api` answers. */
export async function dataOf<T>(answer: Promise<{ data?: T }>, signal?: AbortSignal): Promise<Exclude<T, undefined>> {
  try {
    return (await answer).data as Exclude<T, undefined>;
  } catch (error) {
    throw failureOf(error, signal);
  }
}

function mayRepeat(call: Call, error: unknown): boolean {
  if (error instanceof ApiProblem && error.code === "idempotency-in-progress") return pause(error, 0) <= MAX_WAIT_SECONDS;
  const isSafe = ["GET", "HEAD"].includes(call.method) || hasKey(call);
  return isSafe && isPassing(error) && pause(error, 0) <= MAX_WAIT_SECONDS;
}

function hasKey(call: Call): boolean {
  return Object.keys(call.headers ?? {}).some((name) => name.toLowerCase() === "idempotency-key");
}

function pause(error: unknown, repetition: number): number {
  if (error instanceof ApiProblem && error.retryAfter !== null) return error.retryAfter;
  return 2 ** repetition * (0.5 + Math.random() / 2);
}
