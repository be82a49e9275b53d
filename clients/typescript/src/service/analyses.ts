/** Analyses: what encryption did to a picture, in numbers. */

import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Analysis, Comparison, TrendDays, Trends } from "./types.ts";

export class Analyses extends Calls {
  /** Return the analysis of a job that was asked to measure. */
  get(job_id: string, options: CallOptions = {}): Promise<Analysis> {
    return dataOf(this.api.GET("/api/v1/analyze/{job_id}", { params: { path: { job_id } }, ...signalOf(options) }));
  }

  /** Compare 2 to 20 analyses, in the order of the ids. */
  compare(job_ids: string[], options: CallOptions = {}): Promise<Comparison> {
    return dataOf(this.api.GET("/api/v1/analyze/compare", { params: { query: { job_id: job_ids } }, ...signalOf(options) }));
  }

  /** Return what was encrypted and analyzed day by day, by default in the last 30 days. */
  trends(query: TrendDays = {}, options: CallOptions = {}): Promise<Trends> {
    return dataOf(this.api.GET("/api/v1/analyze/trends", { params: { query }, ...signalOf(options) }));
  }
}
