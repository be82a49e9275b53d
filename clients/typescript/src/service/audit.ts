/** The audit trail of an account; for operators, that of the system. */

import { readJson } from "../api/http.ts";
import { dataOf, type Transport } from "../api/transport.ts";
import { Calls, signalOf, type CallOptions } from "./calls.ts";
import type { AuditFilter, AuditPage, AuditRow, AuditVerdict } from "./types.ts";

type Path = "/api/v1/audit" | "/api/v1/admin/audit";
type Conditions = Omit<AuditFilter, "limit" | "cursor">;

/** An export is read whole before the service answers. */
const VERIFY_MILLISECONDS = 300_000;

export class Audit extends Calls {
  readonly #path: Path;

  constructor(transport: Transport, path: Path) {
    super(transport);
    this.#path = path;
  }

  /** Search the trail, newest first. */
  search(query: AuditFilter = {}, options: CallOptions = {}): Promise<AuditPage> {
    return dataOf(this.api.GET(this.#path, { params: { query }, ...signalOf(options) }));
  }

  /** Get an entry with its place in the chain. */
  get(entry_id: string, options: CallOptions = {}): Promise<AuditRow> {
    return dataOf(this.api.GET(`${this.#path}/{entry_id}`, { params: { path: { entry_id } }, ...signalOf(options) }));
  }

  /** Let the service verify the trail as it is stored. */
  verify(options: CallOptions = {}): Promise<AuditVerdict> {
    return this.#verify({ path: `${this.#path}/verify` }, options);
  }

  /** Let the service verify an export, of whatever trail, under its own keys. */
  verifyExport(lines: Blob, options: CallOptions = {}): Promise<AuditVerdict> {
    const headers = { "Content-Type": "application/x-ndjson" };
    return this.#verify({ path: "/api/v1/audit/verify", headers, body: lines }, options);
  }

  /** The path of an export, for `client.download`: the whole trail as `jsonl`, or the entries of a search as `csv`. */
  exportPath(format: "jsonl" | "csv", { action = [], ...conditions }: Conditions = {}): string {
    const query = new URLSearchParams({ format });
    for (const one of action) query.append("action", one);
    for (const [name, value] of Object.entries<string | null | undefined>(conditions)) {
      if (value !== undefined && value !== null) query.append(name, value);
    }
    return `${this.#path}/export?${query.toString()}`;
  }

  async #verify(call: { path: string; headers?: Record<string, string>; body?: Blob }, { signal }: CallOptions): Promise<AuditVerdict> {
    const answer = await this.transport.send({ method: "POST", ...call, signal, timeout: VERIFY_MILLISECONDS });
    return (await readJson(answer, signal)) as AuditVerdict;
  }
}
