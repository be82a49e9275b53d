/** Waiting that ends when the caller's signal aborts. */

/** Wait; reject with the reason of the signal if it aborts first. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(finish, milliseconds);
    function finish() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Wait for a promise that others wait for too; an abort ends only this waiting. */
export function waitFor<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => { reject(signal.reason as Error); };
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => { signal.removeEventListener("abort", stop); });
  });
}

/** Join signals, of which each may be missing. */
export function joinSignals(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

/** Calls `stop` when nothing has begun for too long. */
export class Silence {
  readonly #milliseconds: number;
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number, stop: () => void) {
    this.#milliseconds = milliseconds;
    this.#stop = stop;
  }

  begin(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#stop, this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
