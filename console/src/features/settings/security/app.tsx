import type { FactorOverview, NewAuthenticatorApp } from "@imageshield/client";
import { useState } from "react";
import { AppDialog } from "@/features/settings/security/app-dialog.tsx";
import { factorsChanged } from "@/features/settings/security/data.ts";
import { Row } from "@/features/settings/section.tsx";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { Button } from "@/ui/button.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.tsx";

interface Props {
  app: FactorOverview["authenticator_app"];
  /** Whether the user has no other factor. */
  isLast: boolean;
  onCodes: (codes: readonly string[]) => void;
}

/** The authenticator app. */
export function AppRow({ app, isLast, onCodes }: Props) {
  const [made, setMade] = useState<NewAuthenticatorApp | null>(null);
  const [asking, setAsking] = useState(false);
  const begin = useAction(async () => { setMade(await client.factors.beginApp()); });
  const remove = useAction(async () => {
    setAsking(false);
    await client.factors.removeApp();
    toast("The authenticator app is removed");
    await factorsChanged();
  });
  const added = async (codes: readonly string[] | null) => {
    setMade(null);
    if (codes === null) toast("The authenticator app is set up");
    else onCodes(codes);
    await factorsChanged();
  };
  const error = begin.error ?? remove.error;
  return (
    <Row
      title="Authenticator app"
      note={app === null ? "A program on your phone that makes a new code every 30 seconds" : <>Set up <Time at={app.since} as="moment" /></>}
      control={app === null ? <Button size="small" busy={begin.busy} onClick={begin.run}>Set up an app…</Button> : <Button size="small" busy={remove.busy} onClick={() => { setAsking(true); }}>Remove the app…</Button>}
    >
      {error !== null && <ProblemMessage error={error} />}
      {made !== null && <AppDialog made={made} onClose={() => { setMade(null); }} onAdded={added} />}
      <Confirm open={asking} onClose={() => { setAsking(false); }} title="Remove the authenticator app?" keep="Keep it" act="Remove the app" onAct={remove.run}>
        Its codes are good for nothing any more. {isLast && LAST}
      </Confirm>
    </Row>
  );
}

export const LAST = "It is your last factor: then the password alone signs you in, and the recovery codes end.";
