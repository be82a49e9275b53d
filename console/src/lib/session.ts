import { BrowserSession } from "@imageshield/client";
import { useSyncExternalStore } from "react";
import { noteSignedIn } from "@/lib/signed-in.ts";
import { writeOfTab } from "@/lib/storage.ts";

/** The session of this page: the access token in memory, the refresh token in a cookie that no script reads. */
export const session = new BrowserSession();
session.subscribe(() => { noteSignedIn(session.state === "signed-in"); });

let leaving = false;

/** End the session in all tabs and load the sign-in, so that nothing stays in memory. */
export async function leaveConsole(): Promise<void> {
  leaving = true;
  try {
    await session.signOut();
    writeOfTab("account", null);
    location.assign("/login");
  } catch (error) {
    leaving = false;
    throw error;
  }
}

/** Whether this tab signs out on purpose: then nobody is asked to sign in again. */
export const isLeaving = (): boolean => leaving;

export const useSessionState = () => useSyncExternalStore(session.subscribe, () => session.state);
