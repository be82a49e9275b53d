/** An access token and how long it lasts. */

export interface Grant {
  access_token: string;
  expires_in: number;
}

/** The share of a token's life that is left when it is renewed. */
const RENEWED_AT = 0.2;

/** Half of the ten minutes for which the service takes a proof. */
const CONFIRMED_SECONDS = 300;

export class AccessToken {
  readonly text: string;
  readonly #lifetime: number;
  // The monotonic clock: that of the machine may be wrong by hours, and may jump.
  readonly #since = performance.now();

  constructor({ access_token, expires_in }: Grant) {
    this.text = access_token;
    this.#lifetime = expires_in * 1000;
  }

  /** Whether it is far from its end. */
  get isFresh(): boolean {
    return this.#left > this.#lifetime * RENEWED_AT;
  }

  get isValid(): boolean {
    return this.#left > 0;
  }

  /** The account it speaks for, unverified: good enough to notice a change of account. */
  get account(): string | null {
    const { sub } = this.#claims;
    return typeof sub === "string" ? sub : null;
  }

  /** Whether it was issued within a moment after the person proved who they are. */
  get isConfirmed(): boolean {
    const { iat, auth_time } = this.#claims;
    return typeof iat === "number" && typeof auth_time === "number" && iat - auth_time < CONFIRMED_SECONDS;
  }

  get #claims(): Record<string, unknown> {
    try {
      const part = (this.text.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
      return JSON.parse(atob(part)) as Record<string, unknown>;
    } catch {
      return {};
    }
  }

  get #left(): number {
    return this.#lifetime - (performance.now() - this.#since);
  }
}
