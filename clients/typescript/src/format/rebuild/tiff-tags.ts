/** The kept tags of a TIFF: which there are, and where (docs/reference/format.md, "Payload" and "Rebuilding"). */

import type { Bytes } from "../bytes.ts";
import { bytesOf, hasKeys, isInteger, isObject, type JsonValue } from "../canonical.ts";
import { PayloadInvalid } from "../failures.ts";

export interface Field {
  readonly type: number;
  readonly count: number;
  readonly value: Bytes;
}

export type Directory = ReadonlyMap<number, Field | Directory>;

export const SHORT = 3;
export const LONG = 4;

/** Bytes of a value, by its type. */
const SIZES: Readonly<Record<number, number>> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
};
const KEPT = new Set([270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 700, 33432, 33723, 34665, 34675, 34853]);

/** The directories that stand in the outer directory, and in another: Exif, GPS, and interoperability in Exif. */
const OUTER = new Set([34665, 34853]);
const INNER: Readonly<Record<number, ReadonlySet<number>>> = { 34665: new Set([40965]) };
const NONE: ReadonlySet<number> = new Set();
const DIRECTORIES = new Set([34665, 34853, 40965]);

export function sizeOfType(type: number): number {
  return SIZES[type] ?? 0;
}

/** Reads the outer list; refuses tags that are never kept. */
export function readTags(tags: JsonValue): Directory {
  const directory = readDirectory(tags, OUTER);
  for (const tag of directory.keys()) demand(KEPT.has(tag), "a tag that is never kept");
  return directory;
}

function readDirectory(tags: JsonValue, inside: ReadonlySet<number>): Directory {
  demand(Array.isArray(tags), "tags that are no list");
  const directory = new Map<number, Field | Directory>();
  let last = -1;
  for (const one of tags) {
    const tag = isObject(one) ? one.tag : undefined;
    demand(isInteger(tag, last + 1, 0xffff), "tags that do not ascend strictly");
    directory.set(tag, inside.has(tag) ? readInner(one, tag) : readField(one, tag));
    last = tag;
  }
  return directory;
}

function readInner(one: JsonValue, tag: number): Directory {
  demand(hasKeys(one, "tag", "tags"), "a directory with other keys");
  return readDirectory(one.tags, INNER[tag] ?? NONE);
}

function readField(one: JsonValue, tag: number): Field {
  demand(hasKeys(one, "count", "tag", "type", "value_b64"), "a tag with other keys");
  demand(!DIRECTORIES.has(tag), "a directory where none is kept");
  const { type, count } = one;
  demand(isInteger(type, 1, 18) && isInteger(count, 1, 0xffff_ffff), "a tag of another type or count");
  const value = bytesOf(one.value_b64, 1);
  demand(value !== null && value.length === count * sizeOfType(type), "a tag of another length than its values");
  return { type, count, value };
}

function demand(holds: boolean, found: string): asserts holds {
  if (!holds) throw new PayloadInvalid(`The metadata describe ${found}`);
}
