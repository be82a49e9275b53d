/** Long work in small steps: it reports progress, stops when it is told to, and lets other tasks run. */

/** The stages of an encryption or decryption, by the names that the service uses. */
export type Stage = "validating" | "unlocking" | "verifying" | "decrypting" | "encrypting" | "authenticating";

export interface Progress {
  readonly stage: Stage;
  readonly done: number;
  /** 0 where the stage has no measure. */
  readonly total: number;
}

export interface PaceOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TURN_MS = 40;

export class Pace {
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  #stage: Stage = "validating";
  #done = 0;
  #total = 0;
  #yielded = performance.now();

  constructor(options: PaceOptions = {}) {
    this.#onProgress = options.onProgress;
    this.#signal = options.signal;
  }

  /** Begins a stage of `total` bytes. */
  async begin(stage: Stage, total = 0): Promise<void> {
    this.#stage = stage;
    this.#done = 0;
    this.#total = total;
    await this.#turn();
  }

  /** Counts bytes done; call it about every mebibyte. Throws the signal's reason once it is aborted. */
  async advance(bytes: number): Promise<void> {
    this.#done = Math.min(this.#done + bytes, this.#total);
    await this.#turn();
  }

  async #turn(): Promise<void> {
    this.#onProgress?.({ stage: this.#stage, done: this.#done, total: this.#total });
    if (performance.now() - this.#yielded >= TURN_MS) {
      // A message that tells a worker to stop is only delivered between tasks.
      await new Promise((resolve) => setTimeout(resolve));
      this.#yielded = performance.now();
    }
    this.#signal?.throwIfAborted();
  }
}
