import { session } from "@/lib/session.ts";

/**
 * A browser may keep a page for "Back" as it was, with its pictures, and show it after somebody has signed out. It is
 * hidden until the service has said that its session goes on; otherwise it is loaded again.
 */
export function hideKeptPage(): void {
  addEventListener("pagehide", ({ persisted }) => { document.documentElement.hidden = persisted; });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) void showAgain(); });
}

async function showAgain(): Promise<void> {
  try {
    await session.renew(await session.token());
    document.documentElement.hidden = false;
  } catch {
    location.reload();
  }
}
