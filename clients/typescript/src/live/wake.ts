/** Waiting that ends early when the page comes back: shown again, woken from sleep, or online again. */

const OF_WINDOW = ["online", "pageshow"];
const OF_DOCUMENT = ["visibilitychange"];

/** Call `wake` whenever the page comes back; returns how to stop. */
export function onWake(wake: () => void): () => void {
  if (typeof document === "undefined") return () => undefined;
  const shown = () => { if (document.visibilityState === "visible") wake(); };
  for (const name of OF_WINDOW) addEventListener(name, wake);
  for (const name of OF_DOCUMENT) document.addEventListener(name, shown);
  return () => {
    for (const name of OF_WINDOW) removeEventListener(name, wake);
    for (const name of OF_DOCUMENT) document.removeEventListener(name, shown);
  };
}

/** Wait; returns whether the page came back meanwhile. An abort ends the waiting without an error. */
export function restUntilWake(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const pass = () => { finish(false); };
    const timer = setTimeout(pass, signal.aborted ? 0 : milliseconds);
    const forget = onWake(() => { finish(true); });
    signal.addEventListener("abort", pass, { once: true });
    function finish(woken: boolean) {
      clearTimeout(timer);
      forget();
      signal.removeEventListener("abort", pass);
      resolve(woken);
    }
  });
}
