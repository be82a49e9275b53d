/** Credentials of a client: where the service is, and how to prove who calls. */
export interface Session {
  /** The service's address, without a slash at the end. */
  readonly url: string;

  /** Return an access token that is valid, as far as this side knows; null to send the request without one. */
  token(signal?: AbortSignal): Promise<string | null>;

  /**
   * Return a token other than the one that the service has just refused.
   *
   * Throws SignedOut if there is none, and Offline or ApiProblem if it cannot be had at the moment.
   */
  renew(refused: string, signal?: AbortSignal): Promise<string>;

  /** Return a token of a person who has just confirmed who they are, in place of `refused`; null if they do not. */
  confirm?(refused: string): Promise<string | null>;
}

/** A second factor: one of these. */
export interface Proof {
  /** The code of an authenticator app. */
  otp?: string;
  recovery_code?: string;
  /** What `navigator.credentials.get` has returned, as JSON. */
  passkey?: object;
}

/** Check an address and remove the slash at its end. */
export function serviceUrl(text: string): string {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new TypeError("The address of the service is http or https, without a user, query or fragment");
  }
  return url.href.replace(/\/+$/, "");
}

/** Requests without a credential, for the pages and calls that everybody may see. */
export class NoSession implements Session {
  readonly url: string;

  constructor({ url }: { url: string }) {
    this.url = serviceUrl(url);
  }

  token(): Promise<null> {
    return Promise.resolve(null);
  }

  renew(): Promise<string> {
    return Promise.reject(new TypeError("There is no token to renew"));
  }
}
