/** Where random bits come from. */

import { dataOf } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { Pools } from "./types.ts";

export class Entropy extends Calls {
  /** Return how many measured bits wait in each worker process. */
  pools(options: CallOptions = {}): Promise<Pools> {
    return dataOf(this.api.GET("/api/v1/entropy/pools", signalOf(options)));
  }
}
