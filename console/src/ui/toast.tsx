import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { explain } from "@/lib/problems.ts";
import { IconButton } from "@/ui/button.tsx";

interface Toast {
  key: number;
  tone: "ok" | "bad";
  title: string;
  text?: string;
  action?: { text: string; onSelect: () => void };
}

let shown: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();
const SECONDS = 6;

/** Say that something has happened. What the person must act on belongs in a Message. */
export function toast(title: string, options: Partial<Pick<Toast, "tone" | "text" | "action">> = {}): void {
  last += 1;
  change([...shown, { key: last, tone: "ok" as const, title, ...options }].slice(-4));
}

/** Say that an action has failed, why, and what to do. */
export function toastError(title: string, error: unknown): void {
  const { sentence, remedy } = explain(error);
  toast(title, { tone: "bad", text: `${sentence} ${remedy}` });
}

function change(next: Toast[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

const dismiss = (key: number): void => {
  change(shown.filter((one) => one.key !== key));
};

/** Where toasts appear: once in a layout. */
export function Toaster() {
  const toasts = useSyncExternalStore(listen, () => shown);
  return (
    <div role="region" aria-label="Notices" aria-live="polite" className="pointer-events-none fixed right-4 bottom-4 z-50 grid w-[min(348px,calc(100vw-32px))] gap-2.5">
      {toasts.map((one) => <Notice key={one.key} toast={one} />)}
    </div>
  );
}

function Notice({ toast: { key, tone, title, text, action } }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  const Icon = tone === "ok" ? CircleCheck : CircleAlert;
  useExpiry(key, held);
  const hold = { onMouseEnter: () => { setHeld(true); }, onMouseLeave: () => { setHeld(false); }, onFocus: () => { setHeld(true); }, onBlur: () => { setHeld(false); } };
  return (
    <div {...hold} className="pointer-events-auto flex items-start gap-2.5 rounded-card bg-surface py-2.5 pr-1.5 pl-3.5 text-dense shadow-float">
      <Icon aria-hidden className={`mt-px size-4 shrink-0 ${tone === "ok" ? "text-ok" : "text-bad"}`} strokeWidth={1.75} />
      <Text title={title}>{text}</Text>
      {action && <button type="button" className="link font-medium" onClick={() => { action.onSelect(); dismiss(key); }}>{action.text}</button>}
      <IconButton icon={X} label="Dismiss" className="-my-1.5 text-muted" onClick={() => { dismiss(key); }} />
    </div>
  );
}

const Text = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className="min-w-0 flex-1">
    <p className="font-medium">{title}</p>
    {children && <p className="text-caption text-muted">{children}</p>}
  </div>
);

/** Six seconds, and they start again after it was hovered or focused. */
function useExpiry(key: number, held: boolean): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (held) return;
    timer.current = setTimeout(() => { dismiss(key); }, SECONDS * 1000);
    return () => { clearTimeout(timer.current); };
  }, [key, held]);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
