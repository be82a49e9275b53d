import { useState } from "react";
import { Row } from "@/features/settings/section.tsx";
import { startOver } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client, useMe } from "@/lib/api.ts";
import { useOwnErasure } from "@/lib/erasures.ts";
import { leaveConsole } from "@/lib/session.ts";
import { Button } from "@/ui/button.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { DEFAULT_GRACE, GraceChoice } from "@/ui/grace.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

/** The end of the account: everything of the user is erased. */
export function CloseRow() {
  const { data: me } = useMe();
  const erasure = useOwnErasure();
  const [asking, setAsking] = useState(false);
  if (erasure !== undefined) return null; // the banner above every page says when, and can cancel it
  return (
    <Row title="Close my account" note="Erases you, your personal account, and accounts that nobody else is in" control={<Button size="small" disabled={me === undefined} onClick={() => { setAsking(true); }}>Close my account…</Button>}>
      {asking && me && <CloseDialog email={me.email} onClose={() => { setAsking(false); }} />}
    </Row>
  );
}

function CloseDialog({ email, onClose }: { email: string; onClose: () => void }) {
  const [days, setDays] = useState(DEFAULT_GRACE);
  const { run, busy, error } = useAction(async () => {
    await client.person.erase(days);
    if (days === 0) {
      await leaveConsole();
      return;
    }
    onClose();
    await startOver();
  });
  return (
    <Confirm open onClose={onClose} title="Close your account?" keep="Keep it" act="Close my account" busy={busy} onAct={run} name={email}>
      <p>All jobs, pictures, receipts and keys are erased. Nobody can then decrypt a picture whose key only this service has: export your data, and download such keys, before.</p>
      <p className="my-2">From now on your account does nothing, and its API keys are refused. Your entries in the audit trail stay, without your name. Backups hold a sealed copy until the operator deletes them; the mail about it says when.</p>
      {error !== null && <ProblemMessage error={error} className="my-3" />}
      <div className="mt-3 text-ink"><GraceChoice days={days} onChange={setDays} /></div>
    </Confirm>
  );
}
