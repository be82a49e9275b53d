import type { Sent, Submission, UploadOptions } from "@imageshield/client";
import { useEffect, useSyncExternalStore } from "react";
import { isSignedOut } from "@/lib/api.ts";
import { session, useSessionState } from "@/lib/session.ts";

/** An upload that runs, waits to be tried again, or has arrived. */
export interface Sending<What> {
  what: What;
  sent: Sent | null;
  error: unknown;
}

/**
 * The one upload of a page. It outlives the page, so that a walk through the console loses nothing, and a repetition
 * goes under the same idempotency key, so that nothing is done twice.
 */
export class Upload<What, Subject> {
  readonly #send: (what: What, options: UploadOptions) => Submission<Subject>;
  readonly #listeners = new Set<() => void>();
  #state: Sending<What> | null = null;
  #key = "";
  #running: Submission<Subject> | null = null;
  #arrived: (subject: Subject, what: What) => void = () => undefined;

  constructor(send: (what: What, options: UploadOptions) => Submission<Subject>) {
    this.#send = send;
  }

  get state(): Sending<What> | null {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(what: What, arrived: (subject: Subject, what: What) => void): void {
    this.#key = newKey();
    this.#arrived = arrived;
    this.#run(what);
  }

  again(): void {
    if (this.#state?.error) this.#run(this.#state.what);
  }

  /** Stop it, and cancel what came of it if it has just arrived. */
  stop(): void {
    const running = this.#running;
    this.#running = null;
    this.#enter(null);
    void running?.cancel().catch(() => undefined);
  }

  #run(what: What): void {
    this.#enter({ what, sent: null, error: null });
    const submission = this.#send(what, { idempotency_key: this.#key, onUpload: (sent) => { if (this.#running === submission) this.#enter({ what, sent, error: null }); } });
    this.#running = submission;
    submission.accepted.then(
      (subject) => {
        if (this.#running !== submission) return;
        this.#running = null;
        this.#enter(null);
        this.#arrived(subject, what);
      },
      (error: unknown) => { if (this.#running === submission) this.#enter({ what, sent: null, error }); },
    );
  }

  #enter(state: Sending<What> | null): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

// `crypto.randomUUID` is missing on pages without a secure context.
const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The state of an upload. After a new sign-in it goes on by itself; closing the tab is asked about while it runs. */
export function useUpload<What, Subject>(upload: Upload<What, Subject>): Sending<What> | null {
  const state = useSyncExternalStore(upload.subscribe, () => upload.state);
  const signedIn = useSessionState() === "signed-in";
  const waits = state !== null && isSignedOut(state.error);
  useEffect(() => {
    if (waits && signedIn && session.state === "signed-in") upload.again();
  }, [waits, signedIn, upload]);
  useLeaveQuestion(state !== null && state.error === null);
  return state;
}

function useLeaveQuestion(on: boolean): void {
  useEffect(() => {
    if (!on) return;
    const ask = (event: BeforeUnloadEvent) => { event.preventDefault(); };
    addEventListener("beforeunload", ask);
    return () => { removeEventListener("beforeunload", ask); };
  }, [on]);
}
