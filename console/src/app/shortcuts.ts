import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { navigation } from "@/app/navigation.ts";
import { chooseTheme, shownTheme } from "@/lib/theme.ts";

export type Panel = "navigation" | "palette" | "shortcuts";

/** What the keys do, for the dialog that lists them. */
export const SHORTCUTS: { keys: string; text: string }[] = [
  { keys: "Ctrl K", text: "Search or jump to a page, job or action" },
  { keys: "n", text: "Encrypt a picture" },
  { keys: "/", text: "Search in the page, or everywhere" },
  { keys: "t", text: "Switch between light and dark" },
  { keys: "?", text: "Show these shortcuts" },
  ...navigation.flatMap((page) => (page.shortcut ? [{ keys: page.shortcut, text: `Go to ${page.label}` }] : [])),
];

const PREFIX_MILLISECONDS = 1500;

/** The panels of the shell and the keys that open them. */
export function useConsoleShortcuts() {
  const [open, setOpen] = useState<Panel | null>(null);
  const navigate = useNavigate();
  const close = useCallback(() => { setOpen(null); }, []);
  useEffect(() => {
    const keys = new Keys((path) => void navigate({ to: path }), setOpen);
    const pressed = (event: KeyboardEvent) => { keys.press(event); };
    addEventListener("keydown", pressed);
    return () => { removeEventListener("keydown", pressed); };
  }, [navigate]);
  return { open, show: setOpen, close };
}

class Keys {
  #prefix: { key: string; at: number } | null = null;
  readonly #go: (path: string) => void;
  readonly #show: (panel: Panel) => void;

  constructor(go: (path: string) => void, show: (panel: Panel) => void) {
    this.#go = go;
    this.#show = show;
  }

  press(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (!isModal()) this.#show("palette");
    } else if (!isTyping(event) && this.#act(event.key)) event.preventDefault();
  }

  #act(key: string): boolean {
    const prefix = this.#prefix && performance.now() - this.#prefix.at < PREFIX_MILLISECONDS ? `${this.#prefix.key} ` : "";
    this.#prefix = null;
    const page = navigation.find((one) => one.shortcut === prefix + key);
    if (page) this.#go(page.path);
    else if (navigation.some((one) => one.shortcut?.startsWith(`${key} `))) this.#prefix = { key, at: performance.now() };
    else if (key === "n") this.#go("/encrypt");
    else if (key === "t") chooseTheme(shownTheme() === "dark" ? "light" : "dark");
    else if (key === "?") this.#show("shortcuts");
    else if (key === "/") this.#search();
    else return false;
    return true;
  }

  #search(): void {
    const field = document.querySelector<HTMLElement>("main [data-search]");
    if (field) field.focus();
    else this.#show("palette");
  }
}

const isModal = (): boolean => document.querySelector("dialog:modal") !== null;

/** Single keys do nothing while a person types, holds another key, or answers a dialog. */
function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || isModal()) return true;
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target?.closest("[role=menu]")) return true;
  return target !== null && (target.isContentEditable || (target.matches("input, textarea, select") && !target.matches("input[type=checkbox], input[type=radio]")));
}
