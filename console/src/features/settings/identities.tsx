import type { Identity, Provider } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { day } from "@/lib/format.ts";
import { explain } from "@/lib/problems.ts";
import { goTo } from "@/lib/providers.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const KEY = ["identities"];

/** The identities by which the user can sign in; nothing where the installation has no provider and the user no identity. */
export function Identities() {
  const providers = useQuery({ queryKey: ["providers"], queryFn: ({ signal }) => client.accounts.providers({ signal }), staleTime: 60_000 });
  const identities = useQuery({ queryKey: KEY, queryFn: ({ signal }) => client.accounts.identities({ signal }) });
  if (!providers.data || !identities.data) return null;
  const linked = identities.data.data;
  const open = providers.data.data.filter(({ id }) => !linked.some((one) => one.provider === id));
  const confirming = providers.data.data.find(({ id, confirms }) => confirms && linked.some((one) => one.provider === id));
  if (linked.length + open.length === 0) return null;
  return (
    <div id="providers" className="scroll-mt-20">
      <Card>
        <CardHead lined title="Sign-in by providers" note="An identity at one of them signs you in, too" />
        {linked.map((identity) => <Linked key={identity.id} identity={identity} confirming={confirming} />)}
        {open.map((provider) => <Open key={provider.id} provider={provider} confirming={confirming} />)}
      </Card>
    </div>
  );
}

interface Confirming {
  /** A linked provider that can confirm who the user is. */
  confirming: Provider | undefined;
}

function Linked({ identity, confirming }: { identity: Identity } & Confirming) {
  const [asking, setAsking] = useState(false);
  const { run, busy, error } = useAction(async () => {
    setAsking(false);
    await client.accounts.unlink(identity.id);
    await queries.invalidateQueries({ queryKey: KEY });
  });
  return (
    <CardPart tight className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="min-w-0">
          <p className="font-medium">{identity.name}</p>
          <p className="text-caption break-words text-muted">{identity.email ?? "No address"}, linked on {day(new Date(identity.created_at))}</p>
        </div>
        <Button size="small" busy={busy} onClick={() => { setAsking(true); }}>Unlink</Button>
      </div>
      {error !== null && <Refusal error={error} confirming={confirming} />}
      <Confirm open={asking} onClose={() => { setAsking(false); }} title={`Unlink ${identity.name}?`} keep="Keep it" act="Unlink" onAct={run}>
        It no longer signs you in. Sessions that it began go on.
      </Confirm>
    </CardPart>
  );
}

function Open({ provider: { id, name }, confirming }: { provider: Provider } & Confirming) {
  const { run, busy, error } = useAction(() => goTo(id, "link", "/settings"));
  return (
    <CardPart tight className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <p className="font-medium">{name}</p>
          <p className="text-caption text-muted">Not linked</p>
        </div>
        <Button size="small" busy={busy} onClick={run}>Link {name}</Button>
      </div>
      {error !== null && <Refusal error={error} confirming={confirming} />}
    </CardPart>
  );
}

/** Why it was refused. Whom a provider can confirm need not sign out. */
function Refusal({ error, confirming }: { error: unknown } & Confirming) {
  const confirm = useAction((provider: string) => goTo(provider, "confirm", "/settings"));
  const shown = confirm.error ?? error;
  if (confirming === undefined || explain(shown).code !== "reauthentication-required") return <ProblemMessage error={shown} />;
  const action = <Button size="small" busy={confirm.busy} onClick={() => { confirm.run(confirming.id); }}>Confirm with {confirming.name}</Button>;
  return <ProblemMessage error={shown} action={action} />;
}
