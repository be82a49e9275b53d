import { CodeBlock } from "@/ui/code-block.tsx";
import { ANSWER, COMMANDS } from "./commands.ts";
import { Section } from "./section.tsx";

const FACTS = [
  { title: "Jobs that you can follow", text: "202 and a job id; then poll, listen on a socket, or take a signed webhook." },
  { title: "Safe to repeat", text: "An Idempotency-Key is kept for 24 hours, and a replay is marked as one." },
  { title: "Errors with a page each", text: "problem+json with a stable code, the remedy, and a request id." },
];

export function Developers() {
  return (
    <Section id="developers" title="There and back in four lines">
      <CodeBlock label="Commands that encrypt and decrypt a picture" lines={COMMANDS} answer={ANSWER} aligned className="mt-6" />
      <p className="mt-3 text-dense text-muted">
        <code>$URL</code> is <code>{location.origin}/api/v1</code>, <code>$AUTH</code> the header with your access token: <a href="/guide#api" className="link">how to get one</a>.
      </p>
      <ul className="mt-8 grid gap-x-8 gap-y-5 md:grid-cols-3">
        {FACTS.map(({ title, text }) => (
          <li key={title}>
            <h3 className="text-card">{title}</h3>
            <p className="text-muted">{text}</p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
