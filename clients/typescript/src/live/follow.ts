/** Follow a job or batch to its end, through lost connections. */

import { joinSignals } from "../api/delays.ts";
import { isPassing, UnexpectedAnswer } from "../api/failures.ts";
import { ApiProblem } from "../api/problem.ts";
import { dataOf, type Transport } from "../api/transport.ts";
import type { Message } from "./messages.ts";
import { sourceOf, type Ending } from "./sources.ts";
import { applyMessage, isEnded, stateOf, type State } from "./state.ts";
import { restUntilWake } from "./wake.ts";

/** `polling`: there is no live connection here. `reconnecting`: it is lost for now, and asking goes on meanwhile. */
export type Connection = "connecting" | "live" | "reconnecting" | "polling";

export interface FollowOptions {
  /** Called with each message, and the state that they add up to. */
  onEvent?: ((message: Message, state: State) => void) | undefined;
  onConnection?: ((connection: Connection) => void) | undefined;
  /** Ends the following. */
  signal?: AbortSignal | undefined;
}

const POLL_MILLISECONDS = 2_000;
/** A connection that is silent for longer may be dead without anybody knowing. */
const SILENCE_MILLISECONDS = 30_000;
const MAX_PAUSE_SECONDS = 30;

/** Follow a job or batch. Returns its last state, or null if the signal ended it; throws if it cannot be followed. */
export async function follow(transport: Transport, id: string, options: FollowOptions = {}): Promise<State | null> {
  const stop = new AbortController();
  const signal = joinSignals(options.signal, stop.signal);
  const follower = new Follower(transport, id, options, signal);
  try {
    return await follower.run();
  } catch (error) {
    if (options.signal?.aborted) return null;
    throw error;
  } finally {
    stop.abort();
  }
}

class Follower {
  readonly #transport: Transport;
  readonly #id: string;
  readonly #options: FollowOptions;
  readonly #signal: AbortSignal;
  #connection: Connection | null = null;
  #state: State | null = null;
  #lastSeq = 0;
  #received = 0;
  #ended = false;

  constructor(transport: Transport, id: string, options: FollowOptions, signal: AbortSignal) {
    this.#transport = transport;
    this.#id = id;
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<State | null> {
    this.#show("connecting");
    for (let failures = 0; this.#goesOn(); failures++) {
      const before = this.#received;
      const ending = await this.#listen();
      if (ending === "done") await this.#poll();
      if (ending === "refused") return this.#pollToEnd();
      if (this.#received > before) failures = 0;
      if (!this.#goesOn()) break;
      this.#show("reconnecting");
      await this.#pollFor(pauseSeconds(failures) * 1000);
    }
    return this.#ended ? this.#state : null;
  }

  #goesOn(): boolean {
    return !this.#ended && !this.#signal.aborted;
  }

  /** Listen to a connection until it ends, the job ends, or the connection turns out to be dead. */
  async #listen(): Promise<Ending> {
    const source = sourceOf(this.#id);
    if (source === null) return "refused";
    const over = new AbortController();
    const signal = joinSignals(this.#signal, over.signal);
    const receive = (message: Message) => {
      this.#show("live");
      this.#receive(message);
      if (this.#ended) over.abort();
    };
    void this.#watch(over, signal);
    try {
      return await source(this.#transport, { id: this.#id, last_seq: this.#lastSeq, signal, receive });
    } catch (error) {
      if (over.signal.aborted || isTransient(error)) return "cut";
      throw error;
    } finally {
      over.abort();
    }
  }

  /** Ask, whenever the connection was silent for long or the page comes back, whether it has missed something. */
  async #watch(over: AbortController, signal: AbortSignal): Promise<void> {
    for (;;) {
      const before = this.#received;
      await restUntilWake(SILENCE_MILLISECONDS, signal);
      if (signal.aborted) return;
      if (this.#received > before || this.#connection !== "live") continue;
      // The next connection, or the next question, reports what fails here.
      if (await this.#poll().catch(() => false)) over.abort();
    }
  }

  async #pollToEnd(): Promise<State | null> {
    while (this.#goesOn()) {
      this.#show("polling");
      await this.#pollFor(POLL_MILLISECONDS);
    }
    return this.#ended ? this.#state : null;
  }

  async #pollFor(milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0 && this.#goesOn(); left = until - performance.now()) {
      await this.#poll();
      if (this.#goesOn() && (await restUntilWake(Math.min(left, POLL_MILLISECONDS), this.#signal))) return;
    }
  }

  /** Ask for the present state. Returns whether it is news. */
  async #poll(): Promise<boolean> {
    const state = await this.#ask();
    if (state === null || this.#signal.aborted || JSON.stringify(state) === JSON.stringify(this.#state)) return false;
    this.#receive(snapshotOf(this.#id, this.#lastSeq, state));
    return true;
  }

  async #ask(): Promise<State | null> {
    const [id, signal, { api }] = [this.#id, this.#signal, this.#transport];
    try {
      const answer = id.startsWith("job_")
        ? dataOf(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } }, signal }), signal)
        : dataOf(api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: id } }, signal }), signal);
      return stateOf(await answer, this.#state);
    } catch (error) {
      if (this.#signal.aborted || isTransient(error)) return null;
      throw error;
    }
  }

  #receive(message: Message): void {
    if (this.#signal.aborted || this.#ended) return;
    this.#received += 1;
    if (message.job_id === this.#id && this.#isOld(message)) return;
    this.#state = applyMessage(this.#state, message);
    if (this.#state === null) return;
    this.#ended = isEnded(this.#state);
    this.#options.onEvent?.(message, this.#state);
  }

  /** Whether the snapshot has told it already: the events of a job come from the first one on. */
  #isOld({ type, seq }: Message & { seq: number }): boolean {
    const isOld = type !== "snapshot" && seq <= this.#lastSeq;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    return isOld;
  }

  #show(connection: Connection): void {
    if (this.#connection === connection) return;
    this.#connection = connection;
    this.#options.onConnection?.(connection);
  }
}

function snapshotOf(id: string, seq: number, payload: State): Message {
  if ("items" in payload) return { type: "snapshot", batch_id: id, payload };
  return { type: "snapshot", job_id: id, seq, payload };
}

function pauseSeconds(failures: number): number {
  return 1 + Math.random() * Math.min(MAX_PAUSE_SECONDS, 3 * 2 ** failures);
}

function isTransient(error: unknown): boolean {
  if (error instanceof ApiProblem && error.status === 429) return true;
  return isPassing(error) || (error instanceof UnexpectedAnswer && error.status === 429);
}
