/** The filters of a PNG's rows (Portable Network Graphics, third edition, section 9). */

import { ImageCorrupt } from "../failures.ts";

type Filter = (line: Uint8Array, samples: Uint8Array, at: number, pixel: number) => void;

/** One function for each filter: V8 compiles a loop without a choice in it to the fastest code. */
const FILTERS: readonly Filter[] = [none, sub, up, average, paeth];

/**
 * Undoes the filter of one row.
 *
 * @param line the number of the filter, then the filtered bytes
 * @param samples all rows; those above this one are finished
 * @param row the number of this row
 * @param pixel bytes of a pixel
 */
export function unfilterRow(line: Uint8Array, samples: Uint8Array, row: number, pixel: number): void {
  const width = line.length - 1;
  const filter = FILTERS[line[0]] as Filter | undefined;
  if (filter === undefined) throw new ImageCorrupt("A row of the PNG has a filter that does not exist");
  if (row > 0) filter(line, samples, row * width, pixel);
  else FIRST[line[0]](line, samples, 0, pixel);
}

/** Above the first row there are zeros. */
const FIRST: readonly Filter[] = [none, sub, none, averageOfLeft, sub];

function none(line: Uint8Array, samples: Uint8Array, at: number): void {
  for (let i = 1; i < line.length; i++) samples[at + i - 1] = line[i];
}

function sub(line: Uint8Array, samples: Uint8Array, at: number, pixel: number): void {
  const width = line.length - 1;
  for (let i = 0; i < pixel; i++) samples[at + i] = line[i + 1];
  for (let i = pixel; i < width; i++) samples[at + i] = line[i + 1] + samples[at + i - pixel];
}

function up(line: Uint8Array, samples: Uint8Array, at: number): void {
  const width = line.length - 1;
  for (let i = 0; i < width; i++) samples[at + i] = line[i + 1] + samples[at + i - width];
}

function average(line: Uint8Array, samples: Uint8Array, at: number, pixel: number): void {
  const width = line.length - 1;
  for (let i = 0; i < pixel; i++) samples[at + i] = line[i + 1] + (samples[at + i - width] >> 1);
  for (let i = pixel; i < width; i++) {
    samples[at + i] = line[i + 1] + ((samples[at + i - pixel] + samples[at + i - width]) >> 1);
  }
}

function averageOfLeft(line: Uint8Array, samples: Uint8Array, at: number, pixel: number): void {
  const width = line.length - 1;
  for (let i = 0; i < pixel; i++) samples[at + i] = line[i + 1];
  for (let i = pixel; i < width; i++) samples[at + i] = line[i + 1] + (samples[at + i - pixel] >> 1);
}

function paeth(line: Uint8Array, samples: Uint8Array, at: number, pixel: number): void {
  const width = line.length - 1;
  for (let i = 0; i < pixel; i++) samples[at + i] = line[i + 1] + samples[at + i - width];
  for (let i = pixel; i < width; i++) {
    const left = samples[at + i - pixel];
    const above = samples[at + i - width];
    const corner = samples[at + i - width - pixel];
    const fromLeft = Math.abs(above - corner);
    const fromAbove = Math.abs(left - corner);
    const fromCorner = Math.abs(left + above - 2 * corner);
    const nearest = fromLeft <= fromAbove && fromLeft <= fromCorner ? left : fromAbove <= fromCorner ? above : corner;
    samples[at + i] = line[i + 1] + nearest;
  }
}
