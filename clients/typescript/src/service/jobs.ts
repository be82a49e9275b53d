/** Jobs, and what they made. */

import { download, type Download, type DownloadOptions } from "../api/download.ts";
import { randomId } from "../api/ids.ts";
import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Job, JobFilter, JobPage, KeyFileLocks } from "./types.ts";

const ONE = "/api/v1/jobs/{job_id}";

export class Jobs extends Calls {
  /** List a page of jobs, newest first. */
  list(query: JobFilter = {}, options: CallOptions = {}): Promise<JobPage> {
    return dataOf(this.api.GET("/api/v1/jobs", { params: { query }, ...signalOf(options) }));
  }

  get(job_id: string, options: CallOptions = {}): Promise<Job> {
    return dataOf(this.api.GET(ONE, { params: { path: { job_id } }, ...signalOf(options) }));
  }

  /** Cancel a job; one that a worker has ends within seconds. */
  cancel(job_id: string, options: CallOptions = {}): Promise<Job> {
    return dataOf(this.api.POST(`${ONE}/cancel`, { params: { path: { job_id } }, ...signalOf(options) }));
  }

  /** Put a failed job back into the queue, while its input is kept. */
  retry(job_id: string, options: CallOptions = {}): Promise<Job> {
    const header = { "Idempotency-Key": randomId() };
    return dataOf(this.api.POST(`${ONE}/retry`, { params: { path: { job_id }, header }, ...signalOf(options) }));
  }

  /** Delete an ended job with everything that it made; its key stays. */
  async remove(job_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(ONE, { params: { path: { job_id } }, ...signalOf(options) });
  }

  /** Fetch the encrypted image, or the decrypted picture. */
  result(job_id: string, options: DownloadOptions = {}): Promise<Download> {
    return this.#file(job_id, "result", options);
  }

  /** Export the key file; with locks, the one of a managed key, wrapped for these. */
  keyFile(job_id: string, options: DownloadOptions & { locks?: KeyFileLocks } = {}): Promise<Download> {
    const { locks, ...others } = options;
    return this.#file(job_id, "key-file", others, locks);
  }

  material(job_id: string, options: DownloadOptions = {}): Promise<Download> {
    return this.#file(job_id, "material", options);
  }

  receipt(job_id: string, options: DownloadOptions = {}): Promise<Download> {
    return this.#file(job_id, "receipt", options);
  }

  /** Fetch the header and tags, to decrypt an encrypted image that another program has saved again. */
  header(job_id: string, options: DownloadOptions = {}): Promise<Download> {
    return this.#file(job_id, "header", options);
  }

  report(job_id: string, format: "html" | "pdf", options: DownloadOptions = {}): Promise<Download> {
    return this.#file(job_id, `report?format=${format}`, options);
  }

  #file(job_id: string, name: string, options: DownloadOptions, body?: object): Promise<Download> {
    return download(this.transport, `/api/v1/jobs/${encodeURIComponent(job_id)}/${name}`, options, body);
  }
}
