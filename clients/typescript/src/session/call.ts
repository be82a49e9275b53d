/** Requests for tokens: they carry no token themselves. */

import { exchange, readJson, type Exchange } from "../api/http.ts";
import { randomId } from "../api/ids.ts";
import { readRefusal } from "../api/problem.ts";
import { UnexpectedAnswer } from "../api/failures.ts";
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
  const grant = (await readJson(answer)) as Partial<Grant> | null;
  if (typeof grant?.access_token === "string" && typeof grant.expires_in === "number") return grant as G;
  throw new UnexpectedAnswer(answer.status, null);
}
