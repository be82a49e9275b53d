import { useSyncExternalStore } from "react";
import { readStored, writeStored } from "@/lib/storage.ts";

export type ThemeChoice = "light" | "dark" | "system";
export type Theme = "light" | "dark";

const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function themeChoice(): ThemeChoice {
  const stored = readStored("theme");
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function shownTheme(): Theme {
  const choice = themeChoice();
  return choice === "system" ? (darkSystem.matches ? "dark" : "light") : choice;
}

export function chooseTheme(choice: ThemeChoice): void {
  writeStored("theme", choice === "system" ? null : choice);
  show();
}

export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(listen, themeChoice);
export const useTheme = (): Theme => useSyncExternalStore(listen, shownTheme);

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function show(): void {
  document.documentElement.dataset.theme = shownTheme();
  for (const listener of listeners) listener();
}

darkSystem.addEventListener("change", show);
// Another tab changed it.
addEventListener("storage", (event) => {
  if (event.key === "theme") show();
});
