/** Refusals of the service (RFC 9457). */

import { ClientError, UnexpectedAnswer, type Origin } from "./failures.ts";
import type { components } from "./schema.ts";

export type Problem = components["schemas"]["Problem"];
export type FieldProblem = components["schemas"]["FieldProblem"];

const MAX_PROBLEM_BYTES = 65_536;

/** The service refuses a request. Decide by `code`; show `title` and `detail`. */
export class ApiProblem extends ClientError {
  override name = "ApiProblem";
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly errors: readonly FieldProblem[];
  /** Seconds after which to try again: of 429, 503 and 409 `idempotency-in-progress`. */
  readonly retryAfter: number | null;
  /** Of `second-factor-required`: what finishes the sign-in, and the factors that the user has. */
  readonly pending: string | null;
  readonly methods: readonly string[];

  constructor(problem: Problem, retryAfter: number | null, origin: Origin = {}) {
    super(problem.detail || problem.title, { ...origin, request_id: problem.request_id ?? origin.request_id });
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.status = problem.status;
    this.errors = problem.errors;
    this.retryAfter = retryAfter;
    this.pending = problem.pending ?? null;
    this.methods = problem.methods ?? [];
  }
}

/** Read why an answer is no success. */
export async function readRefusal(answer: Response, sent_id: string | null): Promise<ApiProblem | UnexpectedAnswer> {
  const retryAfter = parseRetryAfter(answer.headers.get("Retry-After"));
  const request_id = answer.headers.get("X-Request-ID") ?? sent_id;
  const problem = isJson(answer) ? parseProblem(await readText(answer), answer.status) : null;
  if (problem !== null) return new ApiProblem(problem, retryAfter, { request_id });
  return new UnexpectedAnswer(answer.status, retryAfter, { request_id });
}

/** Parse a problem; null if the text is none. */
export function parseProblem(text: string, status: number): Problem | null {
  const value = parseObject(text);
  if (value === null || typeof value.code !== "string" || typeof value.title !== "string") return null;
  return {
    type: textOr(value.type, "about:blank"),
    title: value.title,
    status,
    detail: textOr(value.detail, ""),
    code: value.code,
    request_id: typeof value.request_id === "string" ? value.request_id : null,
    errors: Array.isArray(value.errors) ? value.errors.filter(isFieldProblem) : [],
    ...(typeof value.pending === "string" && { pending: value.pending }),
    ...(Array.isArray(value.methods) && { methods: value.methods.filter((one) => typeof one === "string") }),
  };
}

/** Parse a `Retry-After` in seconds, or as a date of the service's clock. */
export function parseRetryAfter(text: string | null, now = Date.now()): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text);
  // Date.parse makes a date of "-1", too.
  const moment = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(moment) ? null : Math.max(0, Math.ceil((moment - now) / 1000));
}

function isJson(answer: Response): boolean {
  return /^application\/(problem\+)?json\b/.test(answer.headers.get("Content-Type") ?? "");
}

async function readText(answer: Response): Promise<string> {
  // An answer that breaks off is judged by its status.
  const text = await answer.text().catch(() => "");
  return text.length <= MAX_PROBLEM_BYTES ? text : "";
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value && "location" in value;
}
