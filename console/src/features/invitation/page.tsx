import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { beginIn } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { enterConsole } from "@/lib/enter.ts";
import { session } from "@/lib/session.ts";
import { hasSignedIn } from "@/lib/signed-in.ts";
import { readOfTab, writeOfTab } from "@/lib/storage.ts";
import { Button } from "@/ui/button.tsx";
import { Spinner } from "@/ui/spinner.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

const KEY = "invitation";
const FRAGMENT = "#token=";

/** Take the token out of the address, so that neither the history nor a sign-in has it; it waits in this tab. */
function takeToken(): string | null {
  if (location.hash.startsWith(FRAGMENT)) {
    writeOfTab(KEY, location.hash.slice(FRAGMENT.length));
    history.replaceState(history.state, "", location.pathname);
  }
  return readOfTab(KEY);
}

/** What an invitation offers. To open the page uses nothing; only the button does. */
export default function InvitationPage() {
  const [token] = useState(takeToken);
  const offer = useQuery({ queryKey: ["offer"], queryFn: ({ signal }) => client.members.offer(token ?? "", { signal }), enabled: token !== null, retry: false });
  const signedIn = useQuery({ queryKey: ["resumed"], queryFn: async () => hasSignedIn() && (await session.resume()), retry: false });
  const { run, busy, error } = useAction(async () => {
    const { account_id } = await client.members.accept(token ?? "");
    writeOfTab(KEY, null);
    beginIn(account_id);
    await enterConsole("/overview");
  });
  if (token === null) return <Frame><Message tone="warn" title="There is no invitation in this address.">Open the link of the mail again, whole and in this browser.</Message></Frame>;
  if (offer.error) return <Frame><ProblemMessage error={offer.error} /></Frame>;
  if (offer.data === undefined) return <Frame><Spinner /></Frame>;
  const { account_name, inviter, email, role } = offer.data;
  return (
    <Frame>
      <div className="grid gap-5">
        <p><span className="break-all">{inviter}</span> invites <strong className="font-medium break-all">{email}</strong> to the account <strong className="font-medium break-words"><bdi>{account_name}</bdi></strong>, as {role}.</p>
        {error !== null && <ProblemMessage error={error} />}
        {signedIn.data === true && <Button kind="ink" size="large" wide busy={busy} onClick={run}>Accept the invitation</Button>}
        {signedIn.data === false && <SignIn email={email} />}
      </div>
    </Frame>
  );
}

function SignIn({ email }: { email: string }) {
  const next = new URLSearchParams({ next: "/invitation", email });
  return (
    <>
      <p className="text-muted">Sign in with this address first. It brings you back to this page.</p>
      <Button kind="ink" size="large" wide onClick={() => { location.assign(`/login?${next}`); }}>Sign in</Button>
      <p className="text-dense text-muted">No account yet? <a href="/register" className="link text-ink">Create one</a> with this address, then open the link again.</p>
    </>
  );
}

const Frame = ({ children }: { children: React.ReactNode }) => <EntryFrame title="Invitation" note="to an account of this service">{children}</EntryFrame>;
