import type { ApiKey, ApiKeyWithSecret, Membership } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { EndCell, NameCell, RightsCell, StateBadge, UsedCell } from "@/features/api-keys/cells.tsx";
import { ChangeKeyForm, NewKeyForm } from "@/features/api-keys/forms.tsx";
import { KeyMenu, type Act } from "@/features/api-keys/menu.tsx";
import { RevokeQuestion, RotateQuestion } from "@/features/api-keys/questions.tsx";
import { SecretDialog } from "@/features/api-keys/secret.tsx";
import { mayManage } from "@/lib/account.ts";
import { client, queries } from "@/lib/api.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardFoot } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { toast } from "@/ui/toast.tsx";

type Asked = { act: "new" } | { act: Act; apiKey: ApiKey };

const KEYS = ["api-keys"];
const refresh = () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === KEYS[0] || queryKey[0] === "usage" });

/** The keys of an account, and for its owners and admins what can be done with them. */
export function Keys({ account }: { account: Membership }) {
  const { data, error, isPending } = useQuery({ queryKey: KEYS, queryFn: ({ signal }) => client.apiKeys.list({ revoked: true }, { signal }), refetchInterval: 30_000 });
  const [asked, setAsked] = useState<Asked | null>(null);
  const [made, setMade] = useState<ApiKeyWithSecret | null>(null);
  const manages = mayManage(account);
  const columns = useMemo(() => columnsOf(manages, (act, apiKey) => { setAsked({ act, apiKey }); }), [manages]);
  const keys = data?.data ?? [];
  const close = () => { setAsked(null); };
  const show = (secret: ApiKeyWithSecret) => { close(); setMade(secret); void refresh(); };
  const done = (text: string) => { close(); toast(text); void refresh(); };
  const add = <Button kind="ink" icon={Plus} onClick={() => { setAsked({ act: "new" }); }}>New key</Button>;
  return (
    <>
      <PageHead title="API keys" note="For programs that call the service without a person." actions={manages && keys.length > 0 && add} />
      {error && <ProblemMessage error={error} className="mb-4" />}
      <Card>
        {isPending && <SkeletonRows rows={3} />}
        {data && keys.length === 0 && <Empty icon={KeyRound} title="No API keys yet." action={manages && add}>A key belongs to the account and not to a person. It does what you allow it to, from where and until when you say.</Empty>}
        {keys.length > 0 && <Table caption="API keys" columns={columns} rows={keys} rowKey={(apiKey) => apiKey.id} />}
        {keys.length > 0 && <CardFoot><span>Keys that have ended stay in this list for 90 days.{!manages && " Owners and admins make and revoke keys."}</span></CardFoot>}
      </Card>
      {asked?.act === "new" && <NewKeyForm role={account.role} onClose={close} onMade={show} />}
      {asked?.act === "change" && <ChangeKeyForm apiKey={asked.apiKey} onClose={close} onChanged={() => { done("The key is changed"); }} />}
      {asked?.act === "rotate" && <RotateQuestion apiKey={asked.apiKey} onClose={close} onMade={show} />}
      {asked?.act === "revoke" && <RevokeQuestion apiKey={asked.apiKey} onClose={close} onRevoked={() => { done("The key is revoked"); }} />}
      {made !== null && <SecretDialog made={made} onClose={() => { setMade(null); }} />}
    </>
  );
}

const columnsOf = (manages: boolean, onAct: (act: Act, apiKey: ApiKey) => void): Column<ApiKey>[] => [
  { key: "name", head: "Name", width: "230px", phone: "name", cell: (apiKey) => <NameCell apiKey={apiKey} /> },
  { key: "rights", head: "May do", phone: "fact", cell: (apiKey) => <RightsCell apiKey={apiKey} /> },
  { key: "used", head: "Last used", width: "120px", right: true, phone: "fact", cell: (apiKey) => <UsedCell apiKey={apiKey} /> },
  { key: "end", head: "Ends", width: "120px", right: true, phone: "fact", cell: (apiKey) => <EndCell apiKey={apiKey} /> },
  { key: "state", head: "State", width: "120px", phone: "badge", cell: (apiKey) => <StateBadge apiKey={apiKey} /> },
  ...(manages ? [{ key: "act", head: <span className="sr-only">Change</span>, width: "56px", right: true, phone: "badge" as const, cell: (apiKey: ApiKey) => <KeyMenu apiKey={apiKey} onAct={onAct} /> }] : []),
];
