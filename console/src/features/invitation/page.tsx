import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "@/lib/api.ts";
import { linkSecret } from "@/lib/link-secret.ts";
import { session } from "@/lib/session.ts";
import { hasSignedIn } from "@/lib/signed-in.ts";
import { ButtonAnchor } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { Spinner } from "@/ui/spinner.tsx";
import { Accept } from "./accept.tsx";

/** What an invitation offers. To open the page uses nothing; only the button does. */
export default function InvitationPage() {
  const [token] = useState(linkSecret);
  const offer = useQuery({ queryKey: ["offer"], queryFn: ({ signal }) => client.members.offer(token ?? "", { signal }), enabled: token !== null, retry: false });
  const signedIn = useQuery({ queryKey: ["resumed"], queryFn: async () => hasSignedIn() && (await session.resume()), retry: false });
  if (token === null) return <Frame><Message tone="warn" title="There is no invitation in this address.">Open the link of the mail again, whole and in this browser.</Message></Frame>;
  if (offer.error) return <Frame><ProblemMessage error={offer.error} /><Elsewhere /></Frame>;
  if (offer.data === undefined) return <Frame><Spinner /></Frame>;
  const { account_name, inviter, email, role } = offer.data;
  return (
    <Frame>
      <p><span className="break-all">{inviter}</span> invites <strong className="font-medium break-all">{email}</strong> to the account <strong className="font-medium break-words"><bdi>{account_name}</bdi></strong>, as {role}.</p>
      {signedIn.data === true && <Accept token={token} email={email} />}
      {signedIn.data === false && <SignIn email={email} />}
    </Frame>
  );
}

/** Both ways lead back here; the invitation waits in this tab. */
function SignIn({ email }: { email: string }) {
  const back = new URLSearchParams({ next: "/invitation", email });
  return (
    <>
      <p className="text-muted">Sign in with this address, or create an account for it. Then accept here.</p>
      <ButtonAnchor kind="ink" size="large" wide href={`/login?${back}`}>Sign in</ButtonAnchor>
      <ButtonAnchor size="large" wide href={`/register?${back}`}>Create an account</ButtonAnchor>
    </>
  );
}

const Elsewhere = () => <ButtonAnchor size="large" wide href="/overview">Open the console</ButtonAnchor>;

const Frame = ({ children }: { children: React.ReactNode }) => (
  <EntryFrame title="Invitation" note="to an account of this service">
    <div className="grid gap-5">{children}</div>
  </EntryFrame>
);
