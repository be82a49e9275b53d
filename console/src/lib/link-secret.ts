import { readOfTab, writeOfTab } from "@/lib/storage.ts";

/** The names of secrets that links carry behind `#`, where no server sees them. */
const NAMES = ["token", "operator"];

let taken: string | null = null;

/**
 * Take the secret of a link out of the address, so that neither the history nor a copied address has it. It waits in this
 * tab, for a reload or a sign-in, until it was used. The first script of every page does this before it loads another.
 */
function take(): boolean {
  const found = /^#(\w+)=(.+)$/.exec(location.hash);
  if (found === null || !NAMES.includes(found[1])) return false;
  taken = found[2];
  writeOfTab(key(), taken);
  history.replaceState(history.state, "", location.pathname + location.search);
  return true;
}

/** The secret that the link of this page carried, or one before that was not used. */
export const linkSecret = (): string | null => taken ?? readOfTab(key());

/** It was used. */
export function forgetLinkSecret(): void {
  taken = null;
  writeOfTab(key(), null);
}

const key = (): string => `link:${location.pathname.replace(/(.)\/$/, "$1")}`;

if (typeof location !== "undefined") {
  take();
  // A second link to the page that is open changes the address only.
  addEventListener("hashchange", () => {
    if (take()) location.reload();
  });
}
