import { explain } from "@/lib/problems.ts";
import { ButtonAnchor } from "@/ui/button.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

/** The next step, as a page and the words of its button. */
export interface NextStep {
  to: string;
  text: string;
}

/** The address has no link of a mail: it was opened without its end, or it was used. */
export const NoLink = ({ next }: { next: NextStep }) => (
  <div className="grid gap-5">
    <Message tone="warn" title="There is no link in this address.">Open the link of the mail again, whole. After its use nothing is left to do here.</Message>
    <Step next={next} />
  </div>
);

/** Why a link did nothing, and the next step by the code of the refusal. Other refusals keep the button of the page. */
export function LinkRefused({ error, next }: { error: unknown; next: Record<string, NextStep> }) {
  const step = stepAfter(error, next);
  return (
    <div className="grid gap-5">
      <ProblemMessage error={error} />
      {step && <Step next={step} />}
    </div>
  );
}

/** The next step after a refusal that ends the link; undefined while the link may still be good. */
export function stepAfter(error: unknown, next: Record<string, NextStep>): NextStep | undefined {
  return error === null ? undefined : next[explain(error).code ?? ""];
}

const Step = ({ next }: { next: NextStep }) => <ButtonAnchor kind="ink" size="large" wide href={next.to}>{next.text}</ButtonAnchor>;
