/** Requests for tokens: they carry no token themselves. */

import { exchange, type Exchange } from "../api/http.ts";
import { randomId } from "../api/ids.ts";
import { readRefusal } from "../api/problem.ts";
import { failureOf, UnexpectedAnswer } from "../api/failures.ts";
import type { Grant } from "./access.ts";

const TIMEOUT_MILLISECONDS = 15_000;

/** Send a request of a session; throw its refusal. */
export async function callSession(request: Omit<Exchange, "timeout">): Promise<Response> {
  const headers = { "X-Request-ID": randomId(), ...request.headers };
  const answer = await exchange({ ...request, headers, timeout: TIMEOUT_MILLISECONDS });
  if (!answer.ok) throw await readRefusal(answer, headers["X-Request-ID"]);
  return answer;
}

/** Read the tokens of an answer. */
export async function readGrant<G extends Grant>(answer: Response): Promise<G> {
  const grant = await readJson(answer);
  if (typeof grant.access_token === "string" && typeof grant.expires_in === "number") return grant as G;
  throw new UnexpectedAnswer(answer.status, null);
}

async function readJson(answer: Response): Promise<Partial<Grant>> {
  try {
    return (await answer.json()) as Partial<Grant>;
  } catch (error) {
    if (error instanceof SyntaxError) throw new UnexpectedAnswer(answer.status, null, { cause: error });
    throw failureOf(error, undefined);
  }
}
