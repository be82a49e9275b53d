/** The calls that take pictures. Each is an upload, and then work that can be waited for. */

import { writeForm } from "../api/form.ts";
import type { Transport } from "../api/transport.ts";
import { endOf } from "../live/end.ts";
import type { Batches } from "./batches.ts";
import type { Jobs } from "./jobs.ts";
import { JobFailed, submit, Submission, type Lifecycle, type UploadOptions } from "./submission.ts";
import type { AnalyzeOptions, Batch, BatchOptions, DecryptOptions, EncryptOptions, Job } from "./types.ts";

// By default these calls hold the answer back until the work is done; a client that shows progress follows instead.
const AT_ONCE = { Prefer: "respond-async" };

export class Pictures {
  readonly #transport: Transport;
  readonly #job: Lifecycle<Job>;
  readonly #batch: Lifecycle<Batch>;

  constructor(transport: Transport, jobs: Jobs, batches: Batches) {
    this.#transport = transport;
    this.#job = {
      finish: async (job, options) => completed(await endOf(transport, job.job_id, options, (id, call) => jobs.get(id, call))),
      cancel: (job) => jobs.cancel(job.job_id),
    };
    this.#batch = {
      finish: (batch, options) => endOf(transport, batch.batch_id, options, (id, call) => batches.get(id, call)),
      cancel: (batch) => batches.cancel(batch.batch_id),
    };
  }

  encrypt(image: Blob, options: EncryptOptions & UploadOptions = {}): Submission<Job> {
    return this.#submit("/api/v1/encrypt", { image }, options);
  }

  decrypt(encrypted_image: Blob, options: DecryptOptions & UploadOptions = {}): Submission<Job> {
    return this.#submit("/api/v1/decrypt", { encrypted_image }, options, AT_ONCE);
  }

  /** Analyze two pictures; fetch the analysis with `analyses.get`. */
  analyze(original: Blob, encrypted: Blob, options: AnalyzeOptions & UploadOptions = {}): Submission<Job> {
    return this.#submit("/api/v1/analyze", { original, encrypted }, options, AT_ONCE);
  }

  /** Ask how one flipped bit spreads; the result of the job is an `Avalanche` as JSON. */
  checkAvalanche(image: Blob, options: AnalyzeOptions & UploadOptions = {}): Submission<Job> {
    return this.#submit("/api/v1/analysis/avalanche", { image }, options, AT_ONCE);
  }

  /** Encrypt up to 100 pictures, or those of one zip. A bad picture is an item with an `error`; the others go on. */
  batch(pictures: readonly Blob[] | { archive: Blob }, options: BatchOptions & UploadOptions = {}): Submission<Batch> {
    const files = "archive" in pictures ? { archive: pictures.archive } : { images: pictures };
    const [fields, upload] = split(options);
    const form = writeForm({ ...fields, ...files });
    return new Submission(this.#batch, (sending) => submit<Batch>(this.#transport, "/api/v1/batch/encrypt", form, sending), upload);
  }

  #submit(path: string, files: Record<string, Blob>, options: UploadOptions & object, headers = {}): Submission<Job> {
    const [fields, upload] = split(options);
    const form = writeForm({ ...fields, ...files });
    return new Submission(this.#job, (sending) => submit<Job>(this.#transport, path, form, sending, headers), upload);
  }
}

function split({ signal, onUpload, idempotency_key, ...fields }: UploadOptions): [object, UploadOptions] {
  return [fields, { signal, onUpload, idempotency_key }];
}

function completed(job: Job): Job {
  if (job.status !== "completed") throw new JobFailed(job);
  return job;
}
