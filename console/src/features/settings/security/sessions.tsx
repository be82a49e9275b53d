import type { LoginSession } from "@imageshield/client";
import { Laptop, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { sessionsChanged, useSessions } from "@/features/settings/security/data.ts";
import { Section } from "@/features/settings/section.tsx";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { CardPart } from "@/ui/card.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

const METHODS: Record<string, string> = { pwd: "password", otp: "app", hwk: "passkey", rec: "recovery code", fed: "provider" };

const COLUMNS: Column<LoginSession>[] = [
  { key: "device", head: "Device", phone: "name", cell: (one) => <Device of={one} /> },
  { key: "address", head: "Address", phone: "fact", cell: ({ address }) => <span className="numeric break-all">{address ?? "Not known"}</span> },
  { key: "methods", head: "Signed in with", wide: true, phone: "fact", cell: ({ methods }) => methods.map((one) => METHODS[one] ?? one).join(", ") },
  { key: "began", head: "Began", width: "130px", right: true, wide: "xl", phone: "none", cell: (one) => <Time at={one.created_at} as="moment" /> },
  { key: "seen", head: "Last seen", width: "120px", right: true, phone: "fact", cell: (one) => <Time at={one.last_seen_at} /> },
  { key: "end", head: <span className="sr-only">End</span>, width: "110px", right: true, phone: "badge", cell: (one) => (one.current ? <Badge tone="ok">This one</Badge> : <End of={one} />) },
];

/** Where the user is signed in, and how to end it there. */
export function SessionsSection() {
  const { data, error, isPending } = useSessions();
  const others = data?.data.some((one) => !one.current) ?? false;
  return (
    <Section id="sessions" title="Login sessions" note="Browsers and programs that are signed in as you" aside={<EndOthers alone={!others} />}>
      {isPending && <SkeletonRows rows={2} />}
      {error && <CardPart><ProblemMessage error={error} /></CardPart>}
      {data && <Table caption="Login sessions" columns={COLUMNS} rows={data.data} rowKey={(one) => one.id} />}
    </Section>
  );
}

const nameOf = ({ device, browser }: LoginSession): string => device ?? (browser ? "A browser" : "A program");

function Device({ of }: { of: LoginSession }) {
  const Icon = of.browser ? Laptop : SquareTerminal;
  return (
    <span className="flex items-center gap-2.5">
      <Icon aria-hidden className="size-4 shrink-0 text-muted" strokeWidth={1.75} />
      <span className="font-medium break-words"><bdi>{nameOf(of)}</bdi>{!of.browser && <span className="font-normal text-muted"> (program)</span>}</span>
    </span>
  );
}

function End({ of }: { of: LoginSession }) {
  const { run, busy } = useAction(async () => {
    await client.person.endSession(of.id);
    toast("The login session has ended", { text: nameOf(of) });
    await sessionsChanged();
  }, (error) => {
    toastError("The login session goes on", error);
    void sessionsChanged();
  });
  return <Button size="small" busy={busy} aria-label={`End the session of ${nameOf(of)}`} onClick={run}>End</Button>;
}

function EndOthers({ alone }: { alone: boolean }) {
  const [asking, setAsking] = useState(false);
  const close = () => { setAsking(false); };
  const { run, busy, error } = useAction(async () => {
    await client.person.endOtherSessions();
    toast("All other login sessions have ended");
    close();
    await sessionsChanged();
  });
  return (
    <>
      <Button size="small" disabled={alone} onClick={() => { setAsking(true); }}>End all others…</Button>
      <Confirm open={asking} onClose={close} title="End all other login sessions?" keep="Keep them" act="End all others" busy={busy} onAct={run}>
        You stay signed in here. Every other browser and every program with a password must sign in again; API keys go on.
        {error !== null && <ProblemMessage error={error} className="mt-3" />}
      </Confirm>
    </>
  );
}
