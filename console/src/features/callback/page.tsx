import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { enterConsole } from "@/lib/enter.ts";
import { safeNext } from "@/lib/next.ts";
import "@/lib/problem-words.ts";
import { explain } from "@/lib/problems.ts";
import { session } from "@/lib/session.ts";
import { secondStepOf, useSignIn, type SecondStep } from "@/lib/sign-in.ts";
import { ButtonAnchor } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Spinner } from "@/ui/spinner.tsx";

const SecondStepForm = lazy(() => import("@/ui/second-step.tsx"));

/** Where a provider sends the browser back to. Loading the page changes nothing: its script sends the answer on, once. */
export default function CallbackPage() {
  const [query] = useState(() => new URLSearchParams(location.search));
  const [error, setError] = useState<unknown>(null);
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current || !query.has("state")) return;
    begun.current = true;
    // The answer is good for one use. Neither the history nor a copied address needs it.
    history.replaceState(null, "", location.pathname);
    finish(query).catch(setError);
  }, [query]);
  if (!query.has("state")) return <Nothing />;
  const next = secondStepOf(error);
  if (next !== null) return <SecondFactor step={next} />;
  if (error !== null) return <Failed error={error} />;
  return (
    <EntryFrame title="Signing in" note={<>to <strong className="font-medium text-ink">{location.host}</strong></>}>
      <p role="status" className="flex items-center gap-2.5 text-muted"><Spinner /> One moment…</p>
    </EntryFrame>
  );
}

/** The provider has done its part. It said where to return to; after a second factor that is the overview. */
function SecondFactor({ step }: { step: SecondStep }) {
  const signIn = useSignIn(() => enterConsole("/overview"), step);
  return <Suspense><SecondStepForm signIn={signIn} note="Your provider knows you." onAgain={() => { location.assign("/login"); }} /></Suspense>;
}

async function finish(query: URLSearchParams): Promise<void> {
  const provider = location.pathname.split("/").at(-1) ?? "";
  const { return_to } = await session.finish(provider, query);
  await enterConsole(safeNext(return_to));
}

const Nothing = () => (
  <EntryFrame title="There is nothing to finish here" note="A sign-in by a provider ends on this page.">
    <ButtonAnchor size="large" wide href="/login">Sign in</ButtonAnchor>
  </EntryFrame>
);

function Failed({ error }: { error: unknown }) {
  const linking = explain(error).code === "identity-taken";
  return (
    <EntryFrame title="Not signed in" note={<>to <strong className="font-medium text-ink">{location.host}</strong></>}>
      <div className="grid gap-5">
        <ProblemMessage error={error} />
        {linking ? <ButtonAnchor size="large" wide href="/settings/security#providers">Back to Settings</ButtonAnchor> : <ButtonAnchor size="large" wide href="/login">Back to the sign-in</ButtonAnchor>}
      </div>
    </EntryFrame>
  );
}
