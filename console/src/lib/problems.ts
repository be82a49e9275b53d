import { ApiProblem, ClientError, Offline, SignedOut, TimedOut, UnexpectedAnswer } from "@imageshield/client";
import { PasskeyCancelled } from "@/lib/passkeys.ts";

export interface Explanation {
  /** What happened. */
  sentence: string;
  /** What to do. */
  remedy: string;
  code?: string;
  /** The page that explains the code. */
  page?: string;
  requestId?: string;
  /** Seconds until a repetition may succeed. */
  retryAfter?: number;
}

export type Words = Pick<Explanation, "sentence" | "remedy">;

/** What the console says better than the API's own title and detail, because the person sees the page and not the request. */
const WORDS = new Map<string, Words>(Object.entries({
  unauthenticated: { sentence: "You are signed out.", remedy: "Sign in again. What you entered is kept." },
  "token-expired": { sentence: "The session has ended.", remedy: "Sign in again. What you entered is kept." },
  "too-many-attempts": { sentence: "Too many wrong attempts.", remedy: "Wait before the next one." },
  "origin-not-allowed": { sentence: "This is not the address of the service.", remedy: "Open the console at the address that the operator set (PUBLIC_URL), or ask for this one to be allowed." },
  "email-taken": { sentence: "This address has an account.", remedy: "Sign in with it, or use another address." },
  "account-suspended": { sentence: "This account is suspended.", remedy: "Ask the operator." },
  overloaded: { sentence: "The service has too much to do.", remedy: "Nothing was lost and nothing was started." },
  unavailable: { sentence: "A part of the service does not answer.", remedy: "Try again in a moment. If it stays so, tell the operator the request id." },
  "rate-limited": { sentence: "Too many requests.", remedy: "Nothing was lost." },
  internal: { sentence: "The service has made a mistake.", remedy: "Try again. If it happens again, tell the operator the request id." },
}));

/** Add words of codes that the sign-in does not meet: `problem-words.ts` has them, so that it stays small. */
export function teach(words: Record<string, Words>): void {
  for (const [code, word] of Object.entries(words)) WORDS.set(code, word);
}

/** At a sign-in, the code of every missing credential means a wrong one. */
export const SIGN_IN_WORDS = new Map<string, Words>([["unauthenticated", { sentence: "Email or password is wrong.", remedy: "Check both, and the keyboard layout." }]]);

/** What an error means to the person, what to do, and what to quote to an operator. `words` say it better than the usual ones on this page. */
export function explain(error: unknown, words: ReadonlyMap<string, Words> = new Map()): Explanation {
  const requestId = error instanceof ClientError && error.request_id !== null ? { requestId: error.request_id } : {};
  if (error instanceof ApiProblem) return { ...ofProblem(error), ...words.get(error.code), ...requestId };
  return { ...ofFailure(error), ...requestId };
}

/** The words of a code alone, as a failed job carries it. */
export function explainCode(code: string, title = "The job failed."): Explanation {
  return { ...(WORDS.get(code) ?? { sentence: sentence(title), remedy: "" }), code, page: problemPage(code) };
}

export const problemPage = (code: string): string => `/docs/problems/${encodeURIComponent(code)}`;

function ofProblem(problem: ApiProblem): Explanation {
  const known = WORDS.get(problem.code);
  const fields = problem.errors.map((field) => field.detail).join(" ");
  return {
    sentence: known?.sentence ?? sentence(problem.title),
    remedy: known?.remedy ?? (fields || problem.detail),
    code: problem.code,
    page: problemPage(problem.code),
    ...(problem.retryAfter !== null && { retryAfter: problem.retryAfter }),
  };
}

function ofFailure(error: unknown): Explanation {
  if (error instanceof SignedOut) return { sentence: "The session has ended.", remedy: "Sign in again. What you entered is kept." };
  if (error instanceof Offline && !navigator.onLine) return { sentence: "This computer is offline.", remedy: "What you entered is kept. Try again when the network is back." };
  if (error instanceof Offline) return { sentence: "The service does not answer.", remedy: "It may be restarting. Try again in a moment." };
  if (error instanceof TimedOut) return { sentence: "The service did not answer in time.", remedy: "Try again in a moment." };
  if (error instanceof UnexpectedAnswer) return { sentence: sentence(error.message), remedy: "", ...(error.retryAfter !== null && { retryAfter: error.retryAfter }) };
  if (error instanceof PasskeyCancelled) return { sentence: error.message, remedy: "Try again, or use the password." };
  if (error instanceof Error) return { sentence: "This page has made a mistake.", remedy: `Load it again. For a report: ${error.message}` };
  return { sentence: "This page has made a mistake.", remedy: "Load it again." };
}

/** What is wrong with one field of a form; undefined if the error is about something else. */
export function faultOf(error: unknown, field: string): string | undefined {
  const found = error instanceof ApiProblem ? error.errors.find((one) => one.location === "body" && one.field === field) : undefined;
  return found && (FIELD_WORDS[found.code] ?? sentence(found.detail));
}

const FIELD_WORDS: Record<string, string> = {
  not_an_email: "This is no mail address.",
  address_not_ascii: "Only letters a to z are possible before the @.",
  address_mixes_scripts: "The domain mixes letters of several alphabets, some of which look alike. Type it again.",
};

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
