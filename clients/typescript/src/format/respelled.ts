/** Key files that an editor or a mail program has saved again: their words are as they were, the space between them is not. */

import type { Bytes } from "./bytes.ts";
import { dumpsIndented, type JsonValue } from "./canonical.ts";

const BYTE_ORDER_MARK = /^\ufeff/;
// No value of a key file contains white space.
const SPACE = /[ \t\r\n]+/g;

/**
 * Gives a key file its canonical bytes back, if only white space, line ends or a byte order mark differ; null for
 * anything else. As with `imageshield rewrap`, the MAC over the canonical form decides whether it is authentic.
 */
export function restoreKeyFile(data: Bytes): Bytes | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data).replace(BYTE_ORDER_MARK, "");
    const canonical = dumpsIndented(JSON.parse(text) as JsonValue);
    const same = new TextDecoder().decode(canonical).replace(SPACE, "") === text.replace(SPACE, "");
    return same ? canonical : null;
  } catch {
    return null; // no JSON, or a value without a canonical form
  }
}
