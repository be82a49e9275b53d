/** The filters of PNG, undone (PNG, third edition, section 9). */

import type { Bytes } from "../bytes.ts";
import { ImageCorrupt } from "../failures.ts";

/**
 * Undoes the filter of a row in place.
 *
 * @param filter its number
 * @param above the row above, unfiltered, as long; zeros for the first
 * @param step bytes of a pixel, at least 1
 */
export function unfilter(filter: number, row: Bytes, above: Bytes, step: number): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      unfilterSub(row, step);
      return;
    case 2:
      unfilterUp(row, above);
      return;
    case 3:
      unfilterAverage(row, above, step);
      return;
    case 4:
      unfilterPaeth(row, above, step);
      return;
    default:
      throw new ImageCorrupt("a row of the PNG has a filter that does not exist");
  }
}

function unfilterSub(row: Bytes, step: number): void {
  for (let i = step; i < row.length; i++) row[i] += row[i - step];
}

function unfilterUp(row: Bytes, above: Bytes): void {
  for (let i = 0; i < row.length; i++) row[i] += above[i];
}

function unfilterAverage(row: Bytes, above: Bytes, step: number): void {
  const first = Math.min(step, row.length);
  for (let i = 0; i < first; i++) row[i] += above[i] >>> 1;
  for (let i = step; i < row.length; i++) row[i] += (row[i - step] + above[i]) >>> 1;
}

function unfilterPaeth(row: Bytes, above: Bytes, step: number): void {
  const first = Math.min(step, row.length);
  for (let i = 0; i < first; i++) row[i] += above[i];
  for (let i = step; i < row.length; i++) {
    const [left, up, corner] = [row[i - step], above[i], above[i - step]];
    const toLeft = Math.abs(up - corner);
    const toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + up - 2 * corner);
    row[i] += toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
  }
}
