import type { Identity, Provider } from "@imageshield/client";
import { useState } from "react";
import { Row, Section } from "@/features/settings/section.tsx";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { day } from "@/lib/format.ts";
import { identitiesChanged, type Identified } from "@/lib/identities.ts";
import { explain } from "@/lib/problems.ts";
import { goTo } from "@/lib/providers.ts";
import { Button } from "@/ui/button.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const HERE = "/settings/security";

/** The identities by which the user can sign in. */
export const Identities = ({ linked, open, confirming }: Identified) => (
  <Section id="providers" title="Sign-in by providers" note="An identity at one of them signs you in, too">
    {linked.map((identity) => <Linked key={identity.id} identity={identity} confirming={confirming} />)}
    {open.map((provider) => <Open key={provider.id} provider={provider} confirming={confirming} />)}
  </Section>
);

type Confirming = Pick<Identified, "confirming">;

function Linked({ identity, confirming }: { identity: Identity } & Confirming) {
  const [asking, setAsking] = useState(false);
  const { run, busy, error } = useAction(async () => {
    setAsking(false);
    await client.accounts.unlink(identity.id);
    await identitiesChanged();
  });
  return (
    <Row
      title={identity.name}
      note={`${identity.email ?? "No address"}, linked on ${day(new Date(identity.created_at))}`}
      control={<Button size="small" busy={busy} onClick={() => { setAsking(true); }}>Unlink</Button>}
    >
      {error !== null && <Refusal error={error} confirming={confirming} />}
      <Confirm open={asking} onClose={() => { setAsking(false); }} title={`Unlink ${identity.name}?`} keep="Keep it" act="Unlink" onAct={run}>
        It no longer signs you in. Sessions that it began go on.
      </Confirm>
    </Row>
  );
}

function Open({ provider: { id, name }, confirming }: { provider: Provider } & Confirming) {
  const { run, busy, error } = useAction(() => goTo(id, "link", HERE));
  return (
    <Row title={name} note="Not linked" control={<Button size="small" busy={busy} onClick={run}>Link {name}</Button>}>
      {error !== null && <Refusal error={error} confirming={confirming} />}
    </Row>
  );
}

/** Why it was refused. Whom a provider can confirm need not sign out. */
function Refusal({ error, confirming }: { error: unknown } & Confirming) {
  const confirm = useAction((provider: string) => goTo(provider, "confirm", HERE));
  const shown = confirm.error ?? error;
  if (confirming === undefined || explain(shown).code !== "reauthentication-required") return <ProblemMessage error={shown} />;
  const action = <Button size="small" busy={confirm.busy} onClick={() => { confirm.run(confirming.id); }}>Confirm with {confirming.name}</Button>;
  return <ProblemMessage error={shown} action={action} />;
}
