import type { Membership } from "@imageshield/client";
import { useState } from "react";
import { workIn } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { day } from "@/lib/format.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { DEFAULT_GRACE, GraceChoice } from "@/ui/grace.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toast } from "@/ui/toast.tsx";

/** Leave an account, or close it as its owner. */
export function EndOfAccount({ account }: { account: Membership }) {
  const [asking, setAsking] = useState<"leave" | "close" | null>(null);
  const [days, setDays] = useState(DEFAULT_GRACE);
  const done = () => { setAsking(null); };
  const leave = useAction(async () => {
    await client.members.leave(account.account_id);
    workIn(null);
    toast("You have left the account");
  });
  const close = useAction(async () => {
    const { erase_at } = await client.accounts.close(account.account_id, days);
    workIn(null);
    toast("The account is closed", { text: days === 0 ? "It is being erased." : `It is erased on ${day(new Date(erase_at))}. Until then you can keep it, in Settings.` });
  });
  return (
    <Card>
      <CardHead lined title="Leave or close" />
      <CardPart className="flex flex-wrap gap-2">
        <Button onClick={() => { setAsking("leave"); }}>Leave…</Button>
        {account.role === "owner" && <Button onClick={() => { setAsking("close"); }}>Close the account…</Button>}
      </CardPart>
      <Confirm open={asking === "leave"} onClose={done} title="Leave this account?" keep="Stay" act="Leave" busy={leave.busy} onAct={leave.run}>
        Its jobs and keys are no longer yours to see. Only a new invitation brings you back.
        {leave.error !== null && <ProblemMessage error={leave.error} className="mt-3" />}
      </Confirm>
      <Confirm open={asking === "close"} onClose={done} title="Close this account?" keep="Keep it" act="Close the account" busy={close.busy} onAct={close.run} name={account.name ?? ""}>
        <p>For all members, and for its API keys: nothing is answered any more, and no message is sent. Then its jobs, pictures and keys are erased, and nobody can decrypt a picture whose key only this service has. Backups hold a sealed copy until the operator deletes them.</p>
        <div className="mt-3 text-ink"><GraceChoice days={days} onChange={setDays} /></div>
        {close.error !== null && <ProblemMessage error={close.error} className="mt-3" />}
      </Confirm>
    </Card>
  );
}
