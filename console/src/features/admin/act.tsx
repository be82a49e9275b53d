import { useState, type ReactNode } from "react";
import { useAction } from "@/lib/action.ts";
import { queries } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { Button, type ButtonKind } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toast } from "@/ui/toast.tsx";

const FORM = "act";

/** An act of an operator on somebody else's account: a button, and a question before it happens. */
export interface Act {
  /** The button: "Suspend". */
  name: string;
  kind?: ButtonKind;
  title: string;
  text: ReactNode;
  /** What is said when it has happened. */
  done: string;
  /** Whether the API keeps a reason in the audit trail. */
  asksWhy?: boolean;
  run: (reason: string | null) => Promise<unknown>;
}

export function ActButton({ act }: { act: Act }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button onClick={() => { setAsking(true); }}>{act.name}…</Button>
      {asking && <Question act={act} onClose={() => { setAsking(false); }} />}
    </>
  );
}

export function Question({ act, onClose, children }: { act: Act; onClose: () => void; children?: ReactNode }) {
  const { run, busy, error } = useAction(async (form: FormData) => {
    await act.run(act.asksWhy ? textOf(form, "reason").trim() || null : null);
    await queries.invalidateQueries({ queryKey: ["admin"] });
    toast(act.done);
    onClose();
  });
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind={act.kind ?? "ink"} type="submit" form={FORM} busy={busy}>{act.name}</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title={act.title} actions={actions}>
      <p>{act.text}</p>
      <form id={FORM} onSubmit={submitting(run)} className="mt-4 grid gap-4 text-ink empty:hidden">
        {children}
        {act.asksWhy && <Input name="reason" label="Reason" note="optional" hint="It is kept with the audit trail, also after an erasure: no personal data, rather a ticket number." maxLength={200} autoComplete="off" />}
        {error !== null && <ProblemMessage error={error} />}
      </form>
    </Dialog>
  );
}
