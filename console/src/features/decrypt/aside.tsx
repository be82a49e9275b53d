import { localObstacle } from "@imageshield/client/local";
import { Check, MonitorSmartphone, X } from "lucide-react";
import type { Where, Wish } from "@/features/decrypt/readiness.ts";
import { frontOf } from "@/features/decrypt/slots.ts";
import { megapixels } from "@/lib/format.ts";
import { Card, CardFoot, CardPart } from "@/ui/card.tsx";
import { Switch } from "@/ui/choice.tsx";

/** Where to decrypt, and what to do if it does not open. */
export function Aside({ wish, onWhere }: { wish: Wish; onWhere: (where: Where) => void }) {
  return (
    <>
      <InThisBrowser wish={wish} onWhere={onWhere} />
      <Card aria-labelledby="does-not-open">
        <CardPart>
          <h2 id="does-not-open" className="mb-1 text-card">If it does not open</h2>
          <p className="text-dense text-muted">Of the service, a wrong key, a wrong password and one changed bit get the same answer, on purpose. Saying which would help an attacker.</p>
          <p className="mt-3 text-dense"><a href="/docs/problems/decryption-failed" className="link">Reasons and remedies</a></p>
        </CardPart>
      </Card>
    </>
  );
}

function InThisBrowser({ wish, onWhere }: { wish: Wish; onWhere: (where: Where) => void }) {
  const insecure = localObstacle() !== null;
  const here = wish.where === "here";
  const header = frontOf(wish.slots)?.header;
  return (
    <Card aria-labelledby="in-this-browser">
      <CardPart>
        <div className="mb-2 flex items-center justify-between gap-3">
          <h2 id="in-this-browser" className="flex items-center gap-2 text-card"><MonitorSmartphone aria-hidden className="size-4" strokeWidth={1.75} />In this browser</h2>
          <Switch aria-labelledby="in-this-browser" checked={here} disabled={insecure} onChange={(on) => { onWhere(on ? "here" : "service"); }} />
        </div>
        <p className="text-dense text-muted">{here ? "Picture, key and password stay on this machine. The service sees nothing of them and notes nothing." : "The files are sent to the service, which decrypts them and keeps the picture for at most 15 minutes."}</p>
      </CardPart>
      <CardPart tight className="grid gap-2 py-3.5">
        <Fact good={!insecure}>{insecure ? "This page has no secure connection. Browsers offer cryptography to https and localhost only" : "This browser can do it"}</Fact>
        {header && <Fact good>{megapixels(header.width * header.height)}, at most 25 here</Fact>}
      </CardPart>
      {here && <CardFoot className="bg-surface text-caption"><span>It trusts the page that this server sent. The command line does not: <code>imageshield decrypt F --key K</code></span></CardFoot>}
    </Card>
  );
}

function Fact({ good, children }: { good: boolean; children: React.ReactNode }) {
  const Icon = good ? Check : X;
  return <p className="flex gap-2.5 text-dense"><Icon aria-hidden className={good ? "mt-px size-4 shrink-0 text-ok" : "mt-px size-4 shrink-0 text-bad"} strokeWidth={1.75} />{children}</p>;
}
