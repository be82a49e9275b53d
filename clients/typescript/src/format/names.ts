/** File names from somebody else, made safe on every system (docs/reference/format.md, "File names"). */

import { utf8 } from "./bytes.ts";
import { MAX_NAME_BYTES } from "./limits.ts";
import { OTHER_SUFFIX, SUFFIXES } from "./media-types.ts";

const SEPARATOR = /[/\\]/;
const RESERVED = /[<>:"|?*]/g; // by Windows; a colon names an alternate stream there
const DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3])$/;
const END = /[.\s]+$/; // Windows drops both from the end of a name
// Invisible: controls, formats, line ends; and of other categories, Unicode's Default_Ignorable_Code_Point and two blanks.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]/gu;
// Network drives map reserved characters to private ones; an unassigned character may get any meaning later.
const UNKNOWN = /[\p{Cs}\p{Co}\p{Cn}]/gu;
// A mark would combine with the text before the name. PowerShell reads every dash as the start of an option.
const MISLEADING_START = /^[.\p{Pd}\p{Zs}\p{M}]+/u;
const PICTURES = new Set(Object.values(SUFFIXES).flat());
const LONGEST_SUFFIX = 16;

/** The last component, in NFC, without what misleads people or programs; null if nothing is left. */
export function harmlessName(name: string | null): string | null {
  if (name === null) return null;
  // Cut before any work: only the end of a name is used, and somebody else chose its length.
  const base = Array.from(name).slice(-4 * MAX_NAME_BYTES).join("").split(SEPARATOR).at(-1) ?? "";
  const shown = base.replace(UNSEEN, "").replace(UNKNOWN, "\ufffd").normalize("NFC");
  const text = shown.replace(MISLEADING_START, "").replace(RESERVED, "_").replace(END, "");
  return text === "" ? null : join(...split(text));
}

/** A harmless name with a suffix of the file's type, so that a double click opens it as a picture. */
export function withSuffixOf(name: string | null, mediaType: string): string {
  const own = Object.hasOwn(SUFFIXES, mediaType) ? SUFFIXES[mediaType] : [OTHER_SUFFIX, ...PICTURES];
  const [stem, suffix] = split(name ?? "image");
  if (own.includes(suffix.toLowerCase())) return join(stem, suffix);
  return join(PICTURES.has(suffix.toLowerCase()) ? stem : stem + suffix, own[0]);
}

function split(name: string): [stem: string, suffix: string] {
  const dot = name.lastIndexOf(".");
  const suffix = name.slice(dot);
  return dot > 0 && utf8(suffix).length <= LONGEST_SUFFIX ? [name.slice(0, dot), suffix] : [name, ""];
}

function join(stem: string, suffix: string): string {
  const kept = cut(stem, MAX_NAME_BYTES - utf8(suffix).length);
  const name = suffix !== "" && kept === stem ? kept + suffix : kept.replace(END, "") + suffix;
  return isDevice(name) ? join(`_${stem}`, suffix) : name;
}

/** The first characters of a text, at most so many bytes of UTF-8. */
function cut(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

/** Whether Windows opens the name as a device, which it does in any folder and with any suffix. */
function isDevice(name: string): boolean {
  return DEVICE.test(name.split(".")[0].trimEnd().toUpperCase());
}
