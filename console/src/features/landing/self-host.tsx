import { Boxes, Container, SquareTerminal, type LucideIcon } from "lucide-react";
import { Section } from "./section.tsx";

interface Way {
  icon: LucideIcon;
  title: string;
  command: string;
  text: string;
}

const WAYS: Way[] = [
  { icon: SquareTerminal, title: "One command", command: "make up", text: "In a clone of the repository, with Python 3.11: gateway, workers, queue, database and store on one machine, without Docker and without root." },
  { icon: Container, title: "Compose", command: "docker compose up --build --wait", text: "PostgreSQL, Redis and an object store beside it. Run scripts/make_env.py first: it draws the secrets." },
  { icon: Boxes, title: "Kubernetes", command: "kubectl apply -k your-overlay", text: "A base for 1.30 and later. Gateways and workers scale with their load; you bring database, Redis and object store." },
];

export function SelfHost() {
  return (
    <Section id="self-host" raised title="Runs where your pictures are" note="No telemetry, no account with us, and no outside request but the webhooks and quantum devices that you name. Apache-2.0.">
      <ul className="mt-6 grid gap-4 md:grid-cols-3">
        {WAYS.map(({ icon: Icon, title, command, text }) => (
          <li key={title} className="min-w-0 rounded-card border border-line p-5">
            <h3 className="flex items-center gap-2 text-card"><Icon aria-hidden className="size-4" strokeWidth={1.75} />{title}</h3>
            <code className="mt-3 block rounded-control bg-raised px-3 py-2 text-caption break-words">{command}</code>
            <p className="mt-3 text-dense text-muted">{text}</p>
          </li>
        ))}
      </ul>
      <p className="mt-4 text-dense text-muted">Images and manifests are checked against their rules and schemas. No engine and no cluster runs them where the project is built.</p>
    </Section>
  );
}
