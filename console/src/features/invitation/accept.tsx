import { beginIn } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { enterConsole } from "@/lib/enter.ts";
import { forgetLinkSecret } from "@/lib/link-secret.ts";
import { explain } from "@/lib/problems.ts";
import { session } from "@/lib/session.ts";
import { writeOfTab } from "@/lib/storage.ts";
import { Button } from "@/ui/button.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toast } from "@/ui/toast.tsx";

interface Props {
  token: string;
  /** The invited address. */
  email: string;
}

/** Accept with the session of this browser; a refusal says what is missing, and does it. */
export function Accept({ token, email }: Props) {
  const { run, busy, error } = useAction(async () => {
    const { account_id } = await client.members.accept(token);
    forgetLinkSecret();
    beginIn(account_id);
    await enterConsole("/overview");
  });
  const code = error === null ? undefined : explain(error).code;
  return (
    <>
      {error !== null && <ProblemMessage error={error} />}
      {code === "invitation-for-other" && <SignInAgain email={email} />}
      {code === "email-unverified" && <ConfirmFirst email={email} />}
      {code !== "invitation-for-other" && <Button kind="ink" size="large" wide busy={busy} onClick={run}>Accept the invitation</Button>}
    </>
  );
}

function SignInAgain({ email }: { email: string }) {
  const { run, busy, error } = useAction(async () => {
    await session.signOut();
    writeOfTab("account", null);
    location.assign(`/login?${new URLSearchParams({ next: "/invitation", email })}`);
  });
  return (
    <>
      {error !== null && <ProblemMessage error={error} />}
      <Button kind="ink" size="large" wide busy={busy} onClick={run}>Sign out, and in with that address</Button>
    </>
  );
}

function ConfirmFirst({ email }: { email: string }) {
  const { run, busy, error } = useAction(async () => {
    await client.links.changeAddress(email);
    toast("The mail is on its way", { text: "Open its link, then accept here." });
  });
  return (
    <>
      {error !== null && <ProblemMessage error={error} />}
      <Button size="large" wide busy={busy} onClick={run}>Mail me a link that confirms it</Button>
    </>
  );
}
