import { useState, type ReactNode } from "react";
import { Button, type ButtonKind } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Input } from "@/ui/input.tsx";

interface Props {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  /** The safe choice: "Keep it". */
  keep: string;
  /** The other: "Destroy the key". */
  act: string;
  onAct: () => void;
  kind?: ButtonKind;
  busy?: boolean;
  /** What must be typed first; nothing if left out. */
  name?: string;
}

/** A question before something that cannot be undone. */
export function Confirm({ open, ...props }: Props) {
  return open ? <Question {...props} /> : null;
}

function Question({ onClose, title, children, keep, act, onAct, kind = "danger", busy, name }: Omit<Props, "open">) {
  const [typed, setTyped] = useState("");
  const actions = (
    <>
      <Button onClick={onClose}>{keep}</Button>
      <Button kind={kind} busy={busy} disabled={name !== undefined && typed !== name} onClick={onAct}>{act}</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title={title} actions={actions}>
      {children}
      {name !== undefined && (
        <Input className="mt-4 text-ink" label={<>Type <code className="rounded-[4px] bg-raised px-1">{name}</code> to go on</>} value={typed} autoComplete="off" autoFocus controlClassName="font-mono text-dense" onChange={(event) => { setTyped(event.target.value); }} />
      )}
    </Dialog>
  );
}
