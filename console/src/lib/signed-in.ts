import { readStored, writeStored } from "@/lib/storage.ts";

const KEY = "signed-in";

/**
 * Whether somebody has signed in with this browser and not signed out: a hint for the words of the public pages, which
 * neither ask the service nor load the code of the session. It opens nothing, and the session may have ended since.
 */
export const hasSignedIn = (): boolean => readStored(KEY) !== null;

export function noteSignedIn(signedIn: boolean): void {
  writeStored(KEY, signedIn ? "yes" : null);
}
