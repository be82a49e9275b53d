/** Batches of pictures. */

import { download, type Download, type DownloadOptions } from "../api/download.ts";
import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Batch, BatchFilter, BatchPage } from "./types.ts";

const ONE = "/api/v1/batches/{batch_id}";

export interface ZipOptions extends DownloadOptions {
  /** What is finished of a batch that has not ended. */
  partial?: boolean;
  /** Put the key files beside their pictures. Key files of managed keys are not encrypted. */
  key_files?: boolean;
}

export class Batches extends Calls {
  /** List a page of batches without their items, newest first. */
  list(query: BatchFilter = {}, options: CallOptions = {}): Promise<BatchPage> {
    return dataOf(this.api.GET("/api/v1/batches", { params: { query }, ...signalOf(options) }));
  }

  get(batch_id: string, options: CallOptions = {}): Promise<Batch> {
    return dataOf(this.api.GET(ONE, { params: { path: { batch_id } }, ...signalOf(options) }));
  }

  /** Cancel what has not ended; finished results stay. */
  cancel(batch_id: string, options: CallOptions = {}): Promise<Batch> {
    return dataOf(this.api.POST(`${ONE}/cancel`, { params: { path: { batch_id } }, ...signalOf(options) }));
  }

  /** Retry the failed items, while their input is kept. */
  retry(batch_id: string, options: CallOptions = {}): Promise<Batch> {
    return dataOf(this.api.POST(`${ONE}/retry`, { params: { path: { batch_id } }, ...signalOf(options) }));
  }

  /** Delete an ended batch with its jobs; the keys stay. */
  async remove(batch_id: string, options: CallOptions = {}): Promise<void> {
    await this.api.DELETE(ONE, { params: { path: { batch_id } }, ...signalOf(options) });
  }

  /** Fetch one zip of all results. */
  result(batch_id: string, { partial, key_files, ...options }: ZipOptions = {}): Promise<Download> {
    const query = new URLSearchParams();
    if (partial) query.set("partial", "true");
    if (key_files) query.set("key_files", "true");
    return download(this.transport, `/api/v1/batches/${encodeURIComponent(batch_id)}/result?${query.toString()}`, options);
  }
}
