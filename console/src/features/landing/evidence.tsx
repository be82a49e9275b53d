import { Check, FileCheck2 } from "lucide-react";
import { count } from "@/lib/format.ts";
import { Badge } from "@/ui/badge.tsx";
import { ButtonAnchor } from "@/ui/button.tsx";
import { Card, KeyValues } from "@/ui/card.tsx";
import { example, shortHash } from "./receipt.ts";
import { Width } from "./section.tsx";

export function Evidence() {
  return (
    <section id="evidence" aria-labelledby="evidence-title" className="scroll-mt-4 border-t border-line bg-surface py-18 max-md:py-12">
      <Width className="grid items-center gap-x-18 gap-y-8 lg:grid-cols-[minmax(0,1fr)_540px]">
        <div>
          <h2 id="evidence-title" className="text-section max-md:text-number">Evidence, not adjectives</h2>
          <p className="mt-3 text-lead text-muted">
            Every picture comes with a receipt. It names the source, counts the bits, says how many of them were credited with entropy, and is signed
            by the worker that did the job.
          </p>
          <p className="mt-3 text-muted">A signature makes the signer answerable. It does not make the bits random, and every check of a receipt says that too.</p>
          <p className="mt-5 flex flex-wrap items-center gap-x-4 gap-y-2">
            <ButtonAnchor icon={FileCheck2} href={example.receiptUrl}>See a real receipt</ButtonAnchor>
            <a href={example.keysUrl} className="link text-dense text-muted">The key that verifies it</a>
          </p>
          <p className="mt-4 text-dense text-muted"><code>imageshield verify receipt.json --keys jwks.json</code> checks it, without a network.</p>
        </div>
        <Receipt />
      </Width>
    </section>
  );
}

const Receipt = () => (
  <Card as="div">
    <div className="flex items-center justify-between gap-3 border-b border-line px-5 py-4">
      <h3 className="flex items-center gap-2 text-card"><FileCheck2 aria-hidden className="size-4" strokeWidth={1.75} />Entropy receipt</h3>
      <Badge tone="ok" icon={Check}>Verified</Badge>
    </div>
    <div className="px-5 py-2">
      <KeyValues
        nameWidth="8.25rem"
        items={[
          { name: "System generator", value: <>{example.systemBits} bits drawn, <strong className="font-semibold">{example.systemBits} credited</strong></> },
          { name: "Source", value: <>{example.qubits} qubits, Qiskit Aer <Badge>simulator</Badge></> },
          { name: "Measured bits", value: <>{count(example.measuredBits)} drawn, <strong className="font-semibold">{example.creditedBits} credited</strong></> },
          { name: "Health tests", value: example.health },
          { name: "Conditioning", value: `HKDF-SHA-512, ${example.seedBits}-bit seed` },
          { name: "Picture", value: <code>sha256 {shortHash(example.imageHash)}</code> },
          { name: "Signature", value: <span className="text-ok"><Check aria-hidden className="mr-1 inline size-3.5" strokeWidth={2} />Ed25519, key {example.signer.slice(0, 8)}…</span> },
        ]}
      />
    </div>
  </Card>
);
