import { Check, CornerDownRight } from "lucide-react";
import type { ReactNode } from "react";
import { count } from "@/lib/format.ts";
import parts from "./example/parts.webp";
import { example, shortHash } from "./receipt.ts";
import { Section } from "./section.tsx";

export function HowItWorks() {
  return (
    <Section id="how" title="How it works">
      <ol className="mt-6 grid gap-8 md:grid-cols-3">
        <Stage number={1} title="Mix the seed" picture={<Seed />}>
          Each picture gets a key of its own. {example.systemBits} bits come from the operating system’s generator; {count(example.measuredBits)} measured
          bits from a quantum source are mixed in and written down.
        </Stage>
        <Stage number={2} title="Encrypt the picture" picture={<Parts />}>
          ChaCha20 covers every sample, HMAC-SHA-256 makes one changed bit show. Moving the pixels about is the visual layer; it adds no secrecy.
        </Stage>
        <Stage number={3} title="Sign the evidence" picture={<Evidence />}>
          You get an ordinary PNG of noise, a key file, and a receipt: signed with Ed25519, checked offline, silent about anything in the picture.
        </Stage>
      </ol>
    </Section>
  );
}

function Stage({ number, title, picture, children }: { number: number; title: string; picture: ReactNode; children: ReactNode }) {
  return (
    <li>
      <div className="flex h-32 flex-col justify-center rounded-card border border-line bg-surface px-5">{picture}</div>
      <h3 className="mt-4 text-lead font-semibold tracking-[-0.012em]"><span className="mr-2 font-medium text-muted">{number}</span>{title}</h3>
      <p className="mt-1 text-muted">{children}</p>
    </li>
  );
}

const Seed = () => (
  <div className="grid gap-2 text-caption">
    <p className="flex items-center gap-3 font-medium"><span aria-hidden className="h-3 w-14 rounded-[3px] bg-ink" />{example.systemBits} bits, system</p>
    <p className="flex items-center gap-3 text-muted"><span aria-hidden className="h-3 w-42 shrink rounded-[3px] border border-control" />{count(example.measuredBits)}, simulator</p>
    <p className="flex items-center gap-3 text-muted"><CornerDownRight aria-hidden className="size-3.5" strokeWidth={1.75} />credited {example.systemBits} + {example.creditedBits}, seed of {example.seedBits} bits</p>
  </div>
);

const Parts = () => (
  <div className="flex items-center gap-3">
    <img src={parts} alt="A cup of coffee; its left half is encrypted" width={180} height={90} loading="lazy" className="h-auto w-[180px] max-w-[55%] shrink-0 rounded-control" />
    <span className="text-caption text-muted">same width, height and mode; here one half</span>
  </div>
);

const Evidence = () => (
  <dl className="grid gap-2 text-caption">
    <Fact name="statement"><code>sha256 {shortHash(example.statementHash)}</code></Fact>
    <Fact name="picture"><code>sha256 {shortHash(example.imageHash)}</code></Fact>
    <Fact name="signature"><span className="inline-flex items-center gap-1 font-medium text-ok"><Check aria-hidden className="size-3.5" strokeWidth={2} />Ed25519 holds</span></Fact>
  </dl>
);

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="flex justify-between gap-3"><dt className="text-muted">{name}</dt><dd>{children}</dd></div>
);
