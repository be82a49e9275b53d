/** Why work on this machine failed, in sentences. */

import { ClientError } from "../api/failures.ts";
import type { Failure } from "../format/failures.ts";

/** What a worker reports: the engine's own words and names, which are those of docs/reference/format.md. */
export interface Fault {
  /** A problem code of the API, or one of `insecure-context`, `out-of-memory`, `file-unreadable`, `worker-failed`, `internal`. */
  code: string;
  /** The step that failed; null outside the format's own steps. */
  failure: Failure | null;
  detail: string;
}

/** Decryption or encryption on this machine failed. `message` is for people, `code` and `failure` are for programs. */
export class LocalFailure extends ClientError {
  override name = "LocalFailure";
  readonly code: string;
  readonly failure: Failure | null;
  readonly detail: string;

  constructor({ code, failure, detail }: Fault) {
    super(explain(code, failure) ?? detail);
    this.code = code;
    this.failure = failure;
    this.detail = detail;
  }
}

const BY_STEP: Record<Failure, string> = {
  "header missing": "This picture is not encrypted, or another program has saved it again",
  converted: "Another program has changed the size or the kind of this picture, so it cannot be decrypted any more",
  damaged: "The picture is damaged: a part of it is missing or changed",
  "key file": "This is no key file, or it was changed",
  header: "The picture was changed: its header does not hold together",
  "no match": "The password or secret key does not open this key file",
  commitment: "The key file belongs to another picture",
  mac: "The picture, its key file or its material was changed",
  payload: "The picture contradicts what it says about itself, so nothing of it is shown",
};

const BY_CODE: Record<string, string> = {
  "insecure-context": "Browsers offer no cryptography to this page: it must come from https or localhost",
  "out-of-memory": "There is not enough memory for a picture of this size here. The command line needs less",
  "file-unreadable": "The file cannot be read. It was changed, moved or removed after it was chosen: choose it again",
  "worker-failed": "The part of this page that does the work could not start. Load the page again",
  "later-version": "A later version of ImageShield made this. Get the newer release",
  "material-required": "This picture needs its material file (.qmat) too",
  "key-file-too-costly": "The password's key costs more memory or time than is accepted here. The command line can open it",
};

function explain(code: string, failure: Failure | null): string | undefined {
  return BY_CODE[code] ?? (failure === null ? undefined : BY_STEP[failure]);
}

/** Say what failed, whatever it was. */
export function faultOf(error: unknown): Fault {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError && /alloc|memory/i.test(detail)) return { code: "out-of-memory", failure: null, detail };
  if (error instanceof DOMException && error.name === "NotReadableError") return { code: "file-unreadable", failure: null, detail };
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    const failure = "failure" in error && typeof error.failure === "string" && error.failure in BY_STEP ? (error.failure as Failure) : null;
    return { code: error.code, failure, detail };
  }
  return { code: "internal", failure: null, detail };
}
