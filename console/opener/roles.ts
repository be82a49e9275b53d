/** What each chosen file is for, by its first bytes: names say nothing. */

export type Role = "image" | "keyFile" | "material" | "header" | "identity";

/** A file with its role; null if it has none here. */
export interface Chosen {
  readonly file: File;
  readonly role: Role | null;
}

export const NAMES: Record<Role, string> = {
  image: "Encrypted picture",
  keyFile: "Key file",
  material: "Material",
  header: "Header",
  identity: "Secret keys",
};

const LOOKED_AT = 1024; // a key file names its format in its first lines
const BEGINNINGS: readonly (readonly [RegExp, Role])[] = [
  [/^\x89PNG\r\n\x1a\n/, "image"],
  [/^(?:\xef\xbb\xbf)?\s*\{[^]*"imageshield-key-file"/, "keyFile"],
  [/^QSMT/, "material"],
  [/^QSIS/, "header"],
  [/^(?:#[^]*\n)?\s*(?:imageshield-secret-1:|AGE-SECRET-KEY-)/i, "identity"],
];

export async function recognize(file: File): Promise<Chosen> {
  const start = String.fromCharCode(...new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer()));
  const [, role] = BEGINNINGS.find(([beginning]) => beginning.test(start)) ?? [null, null];
  return { file, role };
}

/** Adds files to those chosen before: the newest of a role counts. */
export function join(before: readonly Chosen[], added: readonly Chosen[]): Chosen[] {
  const known = added.filter((one) => one.role !== null);
  const newest = new Map([...before, ...known].map((one) => [one.role, one]));
  return [...newest.values()];
}

export function fileOf(chosen: readonly Chosen[], role: Role): File | undefined {
  return chosen.find((one) => one.role === role)?.file;
}
