/** The rows of a PNG of any kind, unfiltered (PNG, third edition, sections 7 to 10). */

import { type Bytes, concat } from "../bytes.ts";
import type { Pace } from "../pace.ts";
import { unfilter } from "./filters.ts";
import { checkChecksums, pixelBits, type Walk } from "./frame.ts";
import { inflateFront } from "./inflate.ts";

/** A row, or of an interlaced picture a row of a pass: every `across`-th pixel from `left` on. */
export interface Row {
  readonly top: number;
  readonly left: number;
  readonly across: number;
  /** Pixels of the row. */
  readonly width: number;
  /** Its samples as they stand in the file. */
  readonly data: Bytes;
}

interface Pass {
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
  readonly width: number;
  readonly height: number;
  readonly rowBytes: number;
}

const WHOLE = [[0, 0, 1, 1]] as const;
const ADAM7 = [
  ...([[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4]] as const),
  ...([[0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] as const),
] as const;

export interface Rows {
  readonly rows: Iterable<Row>;
  /** Whether bytes follow the image data in their chunks. */
  readonly hasTrailingData: boolean;
}

/** Reads a picture; every checksum and the exact length of the image data are checked. */
export async function readRows(walk: Walk, pace: Pace): Promise<Rows> {
  checkChecksums(walk);
  const passes = passesOf(walk);
  const size = passes.reduce((sum, { height, rowBytes }) => sum + height * (1 + rowBytes), 0);
  const parts = walk.chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const stream = parts.length === 1 ? parts[0] : concat(...parts);
  const { data, hasTrailingData } = await inflateFront(stream, size, pace);
  return { rows: unfiltered(data, passes, Math.max(1, pixelBits(walk.frame) >>> 3)), hasTrailingData };
}

function* unfiltered(lines: Bytes, passes: readonly Pass[], step: number): Generator<Row> {
  let at = 0;
  for (const { left, top, across, down, width, height, rowBytes } of passes) {
    let above: Bytes = new Uint8Array(rowBytes);
    for (let y = 0; y < height; y++) {
      const data = lines.subarray(at + 1, at + 1 + rowBytes);
      unfilter(lines[at], data, above, step);
      yield { top: top + y * down, left, across, width, data };
      above = data;
      at += 1 + rowBytes;
    }
  }
}

function passesOf({ frame }: Walk): Pass[] {
  return (frame.isInterlaced ? ADAM7 : WHOLE).flatMap(([left, top, across, down]) => {
    const width = Math.ceil((frame.width - left) / across);
    const height = Math.ceil((frame.height - top) / down);
    const rowBytes = Math.ceil((width * pixelBits(frame)) / 8);
    return width > 0 && height > 0 ? [{ left, top, across, down, width, height, rowBytes }] : [];
  });
}
