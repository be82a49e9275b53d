/** The files of a decryption, each in its place; they may have been exchanged, or belong to different pictures. */

import type { Front, KeyFile } from "@imageshield/client/format";
import type { Look } from "@/lib/intake.ts";

export interface Slots {
  picture: Look | null;
  key: Look | null;
  material: Look | null;
  header: Look | null;
  identity: Look | null;
}
export type Slot = keyof Slots;

export const NO_FILES: Slots = { picture: null, key: null, material: null, header: null, identity: null };

const PLACES: Partial<Record<Look["kind"], Slot>> = { encrypted: "picture", picture: "picture", "key-file": "key", material: "material", header: "header", identity: "identity" };

/** Where a file belongs by its content; null if nowhere. */
export const placeOf = (look: Look): Slot | null => PLACES[look.kind === "refused" ? (look.wanted ?? look.kind) : look.kind] ?? null;

/** Put files where they belong. What belongs nowhere is put in place of the picture, which says so. */
export function placed(slots: Slots, looks: readonly Look[]): Slots {
  return looks.reduce((all, look) => ({ ...all, [placeOf(look) ?? "picture"]: look }), slots);
}

/** Whether a file stands in a place that is not its own. What is refused says so itself, wherever it stands. */
export const isMisplaced = (slot: Slot, look: Look | null): boolean => look !== null && look.kind !== "refused" && placeOf(look) !== slot;

/** Every file in its own place: what was exchanged is exchanged back. */
export function rearranged(slots: Slots): Slots {
  const looks = Object.values(slots).filter((look): look is Look => look !== null);
  return placed(NO_FILES, looks);
}

/** What the picture says of itself, or the header that was given for it. */
export function frontOf({ picture, header }: Slots): Front | null {
  if (picture?.kind === "encrypted") return picture.front;
  return header?.kind === "header" ? header.front : null;
}

export const keyFileOf = ({ key }: Slots): KeyFile | null => (key?.kind === "key-file" ? key.keyFile : null);

/** Whether picture and key file are of one encryption; null as long as one is missing. */
export function belongTogether(front: Front | null, keyFile: KeyFile | null): boolean | null {
  if (!front || !keyFile) return null;
  const { header } = front;
  return same(header.keyId, keyFile.keyId) && same(header.nonce, keyFile.nonce) && same(header.commitment, keyFile.commitment);
}

const same = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, index) => byte === other[index]);

export type Lock = "password" | "identity" | "service" | "none";

/** What opens the key file; all of it unknown without one. */
export function locksOf(keyFile: KeyFile | null): Set<Lock> {
  const names: Record<string, Lock> = { passphrase: "password", recipient: "identity", vault: "service", plain: "none" };
  return new Set(keyFile?.stanzas.map(({ type }) => names[type] ?? "none"));
}

/** `key_` and 32 hexadecimal digits. */
export const keyIdText = (id: Uint8Array): string => `key_${Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** A picture without the header of an encrypted one: saved again by another program, or never encrypted. */
export type Bare = "none" | "png" | "jpeg" | "other";

export function bareOf({ picture }: Slots): Bare {
  if (picture?.kind !== "picture") return "none";
  if (picture.facts.format === "PNG") return "png";
  return picture.facts.format === "JPEG" ? "jpeg" : "other";
}
