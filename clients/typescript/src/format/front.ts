/** What an encrypted image says about itself before anything of it is authenticated: good for a page, and for nothing else. */

import type { Bytes } from "./bytes.ts";
import { findHeader, TAG_SIZE } from "./container.ts";
import { HeaderInvalid } from "./failures.ts";
import { type Header, parseHeader } from "./header.ts";

export interface Front {
  readonly header: Header;
  readonly tag: Bytes;
}

/** Bytes of a file that hold every header: 4 MiB of metadata, and what stands before and around them. */
export const FRONT_BYTES = 4 * 1024 * 1024 + 65_536;

/** Reads header and tag of an encrypted image; its first `FRONT_BYTES` suffice. */
export function readFront(data: Bytes): Front {
  return parseFront(findHeader(data));
}

/** Reads header ‖ tag, the data of qsIS and of a header file (`.qhdr`). */
export function parseFront(data: Bytes): Front {
  if (data.length < TAG_SIZE) throw new HeaderInvalid("The header is cut short");
  const end = data.length - TAG_SIZE;
  return { header: parseHeader(data.slice(0, end)), tag: data.slice(end) };
}
