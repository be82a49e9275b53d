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
  "decryption-failed": { sentence: "The picture does not open.", remedy: "Wrong key, wrong password, or a changed file: all three give this answer. Check that key and picture belong together, then try again." },
  "header-missing": { sentence: "This is no encrypted picture, or another program has saved it again.", remedy: "Use the file as it was downloaded. If only a copy is left, the service can use the header that it kept." },
  "key-file-required": { sentence: "The service does not hold this key.", remedy: "Choose the key file that belongs to the picture." },
  "key-file-invalid": { sentence: "This is no key file.", remedy: "Key files end in .qkey. Choose the one that was downloaded with the picture." },
  "key-file-too-costly": { sentence: "This key file asks for more work than the service does.", remedy: "Decrypt in this browser or with the command line: there it is your own time." },
  "client-custody": { sentence: "Only its recipients can open this picture.", remedy: "Decrypt in this browser, with your secret key. The service cannot." },
  "material-required": { sentence: "This picture needs its material file, too.", remedy: "Choose the .qmat file that was downloaded with it." },
  "picture-converted": { sentence: "Another program has changed the encrypted picture.", remedy: "It was resized, turned, or lost a part of its colors. Look for an unchanged copy." },
  "later-version": { sentence: "A later release of ImageShield made this.", remedy: "This one is too old for it. Get the newer release." },
  "unsupported-format": { sentence: "This format is not supported.", remedy: "The content of the file decides, not its name. Save the picture as PNG, JPEG, BMP, TIFF or WebP." },
  "image-corrupt": { sentence: "The file is damaged.", remedy: "It cannot be read to its end. Copy it again from where it came." },
  "image-empty": { sentence: "The file is empty.", remedy: "Choose another one." },
  unauthenticated: { sentence: "You are signed out.", remedy: "Sign in again. What you entered is kept." },
  "token-expired": { sentence: "The session has ended.", remedy: "Sign in again. What you entered is kept." },
  "reauthentication-required": { sentence: "This needs you to confirm who you are.", remedy: "Nothing has happened. Start it again, and confirm with your password or passkey." },
  "wrong-password": { sentence: "The password is wrong.", remedy: "Check it, and the keyboard layout." },
  "code-wrong": { sentence: "The code is wrong, or it was used.", remedy: "Wait for the next one, or use another recovery code." },
  "clock-wrong": { sentence: "The clock of your phone and that of the service differ.", remedy: "Let the phone set its clock by the network, then use the next code." },
  "too-many-attempts": { sentence: "Too many wrong attempts.", remedy: "Wait before the next one." },
  "log-in-expired": { sentence: "This took too long.", remedy: "Start again with your password." },
  "passkey-refused": { sentence: "This passkey is not accepted here.", remedy: "It may belong to another address or another user, or it was removed. Use the password." },
  "passkeys-unavailable": { sentence: "Passkeys do not work at this address.", remedy: "They need a name over https, or localhost. Use the password." },
  "origin-not-allowed": { sentence: "This is not the address of the service.", remedy: "Open the console at the address that the operator set (PUBLIC_URL), or ask for this one to be allowed." },
  "email-taken": { sentence: "This address has an account.", remedy: "Sign in with it, or use another address." },
  "authorization-invalid": { sentence: "This sign-in is over.", remedy: "It was begun in another browser or tab, took longer than ten minutes, or was used. Begin again." },
  "provider-denied": { sentence: "The provider did not sign you in.", remedy: "You cancelled it there, or it does not allow it. Try again, or sign in another way." },
  "provider-unavailable": { sentence: "The provider does not answer.", remedy: "Sign in another way, or try again in a moment." },
  "provider-answer-invalid": { sentence: "The provider's answer is not valid.", remedy: "Nothing has changed here. Begin again; if it stays so, tell the operator the request id." },
  "provider-email-unverified": { sentence: "The provider names no address that it has verified.", remedy: "Verify your address there, then begin again." },
  "provider-domain-refused": { sentence: "Your address may not sign in by this provider.", remedy: "The operator admits other mail domains only." },
  "provider-registration-closed": { sentence: "There is no account for you here.", remedy: "New accounts are not made by this provider. Ask the operator for one; then link the provider in its settings." },
  "provider-cannot-confirm": { sentence: "This provider cannot confirm who you are.", remedy: "Sign out and in again instead." },
  "account-link-required": { sentence: "Your address has an account here that is not linked to the provider.", remedy: "Sign in to it as you usually do, then link the provider in Settings." },
  "account-suspended": { sentence: "This account is suspended.", remedy: "Ask the operator." },
  "identity-taken": { sentence: "Somebody else here uses this identity.", remedy: "Unlink it in that account first, or choose another one at the provider." },
  "last-login-method": { sentence: "You could not sign in any more.", remedy: "Set a password or link another provider first." },
  "not-found": { sentence: "There is nothing at this address.", remedy: "It was deleted, it belongs to another account, or the address is wrong." },
  gone: { sentence: "It is no longer kept.", remedy: "Decrypted pictures are kept for minutes and results for a limited time. Run the job again." },
  overloaded: { sentence: "The service has too much to do.", remedy: "Nothing was lost and nothing was started." },
  unavailable: { sentence: "A part of the service does not answer.", remedy: "Try again in a moment. If it stays so, tell the operator the request id." },
  "storage-full": { sentence: "The service has no space left.", remedy: "The operator must free some. Nothing was started." },
  "rate-limited": { sentence: "Too many requests.", remedy: "Nothing was lost." },
  internal: { sentence: "The service has made a mistake.", remedy: "Try again. If it happens again, tell the operator the request id." },
}));

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

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
