/** The frame of a JPEG (ITU-T T.81, annex B). */

import { ImageCorrupt } from "../failures.ts";
import { type Facts, undecoded } from "./facts.ts";
import { Window } from "./window.ts";

const EOI = 0xd9;
const SOS = 0xda;
const MODES: Readonly<Partial<Record<number, string>>> = { 1: "L", 3: "RGB", 4: "CMYK" };
/** Baseline, extended and progressive, with Huffman or arithmetic coding. */
const USUAL = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]);
const NO_FRAMES = new Set([0xc4, 0xc8, 0xcc]);

export function describeJpeg(data: Uint8Array): Facts {
  const file = new Window(data, "The JPEG");
  for (let at = 2; ; ) {
    at = nextMarker(file, at);
    const marker = file.u8(at + 1);
    if (marker === EOI || marker === SOS) throw new ImageCorrupt("The JPEG has no picture");
    if (marker >> 4 === 0xc && !NO_FRAMES.has(marker)) return readFrame(file, marker, at + 4);
    at += isAlone(marker) ? 2 : 2 + file.u16(at + 2);
  }
}

function readFrame(file: Window, marker: number, at: number): Facts {
  const [bitDepth, height, width] = [file.u8(at), file.u16(at + 1), file.u16(at + 3)];
  const mode = MODES[file.u8(at + 5)];
  if (!USUAL.has(marker) || bitDepth !== 8 || mode === undefined) return undecoded("image/jpeg", width, height);
  if (width === 0 || height === 0) throw new ImageCorrupt("The JPEG does not declare its size");
  return { format: "JPEG", mode, bitDepth, width, height };
}

function nextMarker(file: Window, start: number): number {
  let at = start;
  while (file.u8(at) !== 0xff || file.u8(at + 1) === 0 || file.u8(at + 1) === 0xff) at++;
  return at;
}

function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}
