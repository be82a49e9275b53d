/** The canvas of a WebP (RFC 9649; RFC 6386, section 9.1). */

import { ImageCorrupt } from "../failures.ts";
import type { Facts } from "./facts.ts";
import { Window } from "./window.ts";

const FIRST = 12;
const BODY = 20;
const ALPHA = 0x10;

export function describeWebp(data: Uint8Array): Facts {
  const file = new Window(data, "The WebP", true);
  if (8 + file.u32(4) > file.length) throw new ImageCorrupt("The WebP is cut off");
  const { width, height, alpha } = readCanvas(file);
  if (width === 0 || height === 0) throw new ImageCorrupt("The WebP has no picture");
  return { format: "WEBP", mode: alpha ? "RGBA" : "RGB", bitDepth: 8, width, height };
}

function readCanvas(file: Window): { width: number; height: number; alpha: boolean } {
  const name = file.text(FIRST, 4);
  if (name === "VP8X") {
    return { width: u24(file, BODY + 4) + 1, height: u24(file, BODY + 7) + 1, alpha: (file.u8(BODY) & ALPHA) !== 0 };
  }
  if (name === "VP8 " && file.text(BODY + 3, 3) === "\x9d\x01\x2a") {
    return { width: file.u16(BODY + 6) & 0x3fff, height: file.u16(BODY + 8) & 0x3fff, alpha: false };
  }
  if (name === "VP8L" && file.u8(BODY) === 0x2f) {
    const bits = file.u32(BODY + 1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, alpha: ((bits >>> 28) & 1) === 1 };
  }
  throw new ImageCorrupt("The WebP does not start with a picture");
}

function u24(file: Window, at: number): number {
  return file.u16(at) + 65_536 * file.u8(at + 2);
}
