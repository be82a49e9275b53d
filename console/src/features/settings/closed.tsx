import type { Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Row } from "@/features/settings/section.tsx";
import { startOver, useAccounts } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { day } from "@/lib/format.ts";
import { Button } from "@/ui/button.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toast } from "@/ui/toast.tsx";

/** Shared accounts that are closed and not erased yet: their owner can keep them. */
export function ClosedAccounts() {
  const { data } = useAccounts();
  const closed = data?.data.filter((account) => !account.personal && account.role === "owner" && account.closed_at !== null) ?? [];
  return closed.map((account) => <Closed key={account.account_id} account={account} />);
}

function Closed({ account: { account_id, name } }: { account: Membership }) {
  const { data: erasure } = useQuery({ queryKey: ["erasure", account_id], queryFn: ({ signal }) => client.accounts.erasure(account_id, { signal }) });
  const { run, busy, error } = useAction(async () => {
    await client.accounts.keep(account_id);
    toast("The account is open again", { text: "Its webhooks stay off until you enable them." });
    await startOver();
  });
  if (erasure === undefined) return null;
  const note = erasure.state === "scheduled" ? `Closed. It is erased on ${day(new Date(erasure.erase_at))}.` : "Closed, and being erased.";
  return (
    <Row title={<bdi>{name}</bdi>} note={note} control={erasure.state === "scheduled" && <Button size="small" busy={busy} onClick={run}>Keep the account</Button>}>
      {error !== null && <ProblemMessage error={error} />}
    </Row>
  );
}
