/** Something that was sent to the service: first an upload, then a job or a batch. */

import { waitFor } from "../api/delays.ts";
import { ClientError } from "../api/failures.ts";
import { readJson, type Sent } from "../api/http.ts";
import { randomId } from "../api/ids.ts";
import type { Transport } from "../api/transport.ts";
import type { Job } from "./types.ts";

export interface UploadOptions {
  /** Aborts the upload. What the service has accepted goes on: see `cancel`. */
  signal?: AbortSignal | undefined;
  onUpload?: ((progress: Sent) => void) | undefined;
  /** Names this submission: one sent again under the same key is done once. By default a new one. */
  idempotency_key?: string | undefined;
}

/** `stage` is `uploading`, then a stage of docs/reference/api.md; `progress` is in percent of the upload, then of the work. */
export interface Progress {
  stage: string;
  progress: number;
}

export interface WaitOptions {
  /** Ends the waiting, and nothing else. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** The job has ended without a result; `code` is one of the problem codes, or `cancelled`. */
export class JobFailed extends ClientError {
  override name = "JobFailed";
  readonly job: Job;
  readonly code: string;

  constructor(job: Job) {
    super(job.error?.detail ?? job.error?.title ?? "The job was cancelled");
    this.job = job;
    this.code = job.error?.code ?? "cancelled";
  }
}

/** What happens to a submission once the service has accepted it. */
export interface Lifecycle<Subject> {
  /** Wait for the end and return the subject as it is then. */
  finish(subject: Subject, options: WaitOptions): Promise<Subject>;
  cancel(subject: Subject): Promise<unknown>;
}

export class Submission<Subject> {
  /** What the service made of the upload. */
  readonly accepted: Promise<Subject>;
  readonly #lifecycle: Lifecycle<Subject>;
  readonly #upload = new AbortController();
  readonly #watchers = new Set<(progress: Progress) => void>();

  constructor(lifecycle: Lifecycle<Subject>, send: (upload: UploadOptions) => Promise<Subject>, options: UploadOptions) {
    this.#lifecycle = lifecycle;
    const abort = () => { this.#upload.abort(options.signal?.reason); };
    if (options.signal?.aborted) abort();
    options.signal?.addEventListener("abort", abort, { once: true });
    const onUpload = (sent: Sent) => { this.#report(sent, options); };
    this.accepted = send({ ...options, signal: this.#upload.signal, onUpload });
    // `wait` may come later, and reports the failure.
    this.accepted.catch(() => undefined);
  }

  /** Wait for the end of the work and return what came of it. */
  async wait(options: WaitOptions = {}): Promise<Subject> {
    const { onProgress } = options;
    if (onProgress !== undefined) this.#watchers.add(onProgress);
    try {
      const subject = await waitFor(this.accepted, options.signal);
      return await this.#lifecycle.finish(subject, options);
    } finally {
      if (onProgress !== undefined) this.#watchers.delete(onProgress);
    }
  }

  /** Abort the upload, or cancel what came of it. */
  async cancel(): Promise<void> {
    this.#upload.abort();
    const subject = await this.accepted.catch(() => null);
    if (subject !== null) await this.#lifecycle.cancel(subject);
  }

  #report(sent: Sent, options: UploadOptions): void {
    options.onUpload?.(sent);
    const progress = sent.total > 0 ? Math.floor((100 * sent.sent) / sent.total) : 0;
    for (const watcher of this.#watchers) watcher({ stage: "uploading", progress });
  }
}

/** Send a form that makes something, once, however often it has to be repeated. */
export async function submit<Subject>(
  transport: Transport,
  path: string,
  form: FormData,
  { signal, onUpload, idempotency_key = randomId() }: UploadOptions,
  headers: Record<string, string> = {},
): Promise<Subject> {
  const named = { ...headers, "Idempotency-Key": idempotency_key };
  const answer = await transport.send({ method: "POST", path, headers: named, body: form, signal, onUpload });
  return (await readJson(answer, signal)) as Subject;
}
