import { BrowserSession } from "@imageshield/client";
import { useSyncExternalStore } from "react";

/** The session of this page: the access token in memory, the refresh token in a cookie that no script reads. */
export const session = new BrowserSession();

export const useSessionState = () => useSyncExternalStore(session.subscribe, () => session.state);
