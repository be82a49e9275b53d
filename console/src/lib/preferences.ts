import { useSyncExternalStore } from "react";
import { readStored, writeStored } from "@/lib/storage.ts";

const listeners = new Set<() => void>();

/** Whether pages show the browser's own copy of a picture while it is encrypted. On unless switched off in Settings. */
export const previewShown = (): boolean => readStored("preview") !== "off";

export function showPreview(shown: boolean): void {
  writeStored("preview", shown ? null : "off");
  for (const listener of listeners) listener();
}

export const usePreviewShown = (): boolean => useSyncExternalStore(listen, previewShown);

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
