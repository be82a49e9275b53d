/** A user of the running service. */

import { readFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";

import { Client, NoSession, TokenSession } from "../../src/index.ts";

export const url = process.env.IMAGESHIELD_URL ?? "";
export const password = "correct horse battery staple";

/** Register an account and return its client. */
export async function newUser(): Promise<{ client: Client; email: string }> {
  if (url === "") throw new Error("Set IMAGESHIELD_URL to the address of a running service");
  const email = `${randomUUID()}@example.org`;
  await new Client({ session: new NoSession({ url }) }).accounts.register(email, password);
  return { client: new Client({ session: new TokenSession({ url, email, password }) }), email };
}

/** One of the sample pictures of the repository. */
export async function sample(name: string, as = name): Promise<File> {
  return new File([await readFile(new URL(`../../../../samples/${name}`, import.meta.url))], as);
}

export async function bytesOf(blob: Blob): Promise<Buffer> {
  return Buffer.from(await blob.arrayBuffer());
}
