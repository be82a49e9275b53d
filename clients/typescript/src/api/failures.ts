/**
 * What can go wrong, besides a refusal of the service (problem.ts):
 *
 * ClientError
 * ├── ApiProblem         the service refuses, and says why
 * ├── UnexpectedAnswer   something in between answers: a proxy, a gateway
 * ├── Offline            no answer at all
 * ├── TimedOut           no answer in time
 * ├── SignedOut          the session has ended: sign in again
 * └── JobFailed          the job ended without a result
 *
 * A caller that aborts gets the reason of its own signal, as with fetch.
 */

export interface Origin {
  cause?: unknown;
  request_id?: string | null | undefined;
}

/** The base of all errors of this package. */
export class ClientError extends Error {
  override name = "ClientError";
  /** What to quote to an operator: it is in the service's log. */
  readonly request_id: string | null;

  constructor(message: string, { cause, request_id = null }: Origin = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.request_id = request_id;
  }
}

/** No answer came: the machine is offline, the service is down, or the connection was cut. */
export class Offline extends ClientError {
  override name = "Offline";
}

/** No answer came in time. */
export class TimedOut extends ClientError {
  override name = "TimedOut";
}

/** The session has ended, here or elsewhere. */
export class SignedOut extends ClientError {
  override name = "SignedOut";
}

/** An answer that is none of the service: of a proxy, or of something else at this address. */
export class UnexpectedAnswer extends ClientError {
  override name = "UnexpectedAnswer";
  readonly status: number;
  /** Seconds after which to try again, if the answer says so. */
  readonly retryAfter: number | null;

  constructor(status: number, retryAfter: number | null, origin: Origin = {}) {
    super(explainStatus(status), origin);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

function explainStatus(status: number): string {
  if (status === 413) return "A proxy in front of the service refuses files of this size (413). Its limit must be raised, or the file be smaller";
  if (status === 429) return "A proxy in front of the service has received too many requests (429). Wait, then try again";
  if ([502, 503, 504].includes(status)) return `A proxy cannot reach the service (${status}). Try again in a moment`;
  if (status === 0 || (status >= 300 && status < 400)) return "This address redirects elsewhere. Use the service's own address";
  return `The answer (${status}) is none of this service. Check the address`;
}

/** Whether a later repetition may succeed: the service, or the way to it, is down or busy for a moment. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Offline || error instanceof TimedOut) return true;
  return error instanceof ClientError && "status" in error && [502, 503, 504].includes(Number(error.status));
}

/** Turn what fetch or a stream throws into an error of this package; the reason of an abort stays what it is. */
export function failureOf(error: unknown, signal: AbortSignal | undefined, request_id?: string | null): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new TimedOut("The service did not answer in time", { cause: error, request_id });
  }
  // fetch reports every failure of the network as a TypeError.
  if (error instanceof TypeError) return new Offline("The service cannot be reached", { cause: error, request_id });
  // A success that is no JSON is a page of something in between, such as the login of a network.
  if (error instanceof SyntaxError) return new UnexpectedAnswer(200, null, { cause: error, request_id });
  return error;
}
