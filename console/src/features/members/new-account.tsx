import { Plus } from "lucide-react";
import { useState } from "react";
import { workIn } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const FORM = "new-account";

/** Make an account for several people, and go on in it; `beside` what matters more on the page. */
export function NewAccountButton({ beside }: { beside?: boolean }) {
  const [asking, setAsking] = useState(false);
  const close = () => { setAsking(false); };
  const { run, busy, error } = useAction(async (form: FormData) => {
    workIn((await client.accounts.create(textOf(form, "name"))).account_id);
    close();
  });
  const actions = (
    <>
      <Button onClick={close}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>Make the account</Button>
    </>
  );
  return (
    <>
      <Button kind={beside ? "outline" : "ink"} icon={Plus} onClick={() => { setAsking(true); }}>New account</Button>
      {asking && (
        <Dialog open onClose={close} title="New account" actions={actions}>
          <form id={FORM} onSubmit={submitting(run)} className="mt-2 grid gap-4 text-ink">
            {error !== null && <ProblemMessage error={error} />}
            <Input name="name" label="Name" hint="Members and invited people see it." maxLength={80} autoComplete="off" autoFocus required />
          </form>
        </Dialog>
      )}
    </>
  );
}
