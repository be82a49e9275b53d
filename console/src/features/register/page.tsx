import { useFirstVisit } from "@/lib/first-visit.ts";
import { safeNext } from "@/lib/next.ts";
import "@/lib/problem-words.ts";
import { ButtonAnchor } from "@/ui/button.tsx";
import { EntryFrame } from "@/ui/entry-frame.tsx";
import { LookInMail } from "@/ui/look-in-mail.tsx";
import { Message } from "@/ui/message.tsx";
import { ProviderButtons } from "@/ui/provider-buttons.tsx";
import { RegistrationForm } from "./form.tsx";
import { useRegistration } from "./registration.ts";

/** `?email=` and `?next=` come from an invitation: the address is given, and the way leads back to it. */
export default function RegisterPage() {
  const setup = useFirstVisit();
  const query = new URLSearchParams(location.search);
  const next = safeNext(query.get("next"));
  const registration = useRegistration(setup, next, query.get("email") ?? "");
  const { email, mailed, resend, again } = registration;
  const signIn = (address: string) => `/login?${new URLSearchParams({ ...(query.has("next") && { next }), ...(address !== "" && { email: address }) })}`;
  if (mailed) {
    return (
      <Frame title="Look in your mail">
        <LookInMail setup={setup} resend={resend} onOther={again}>
          <p>A mail is on its way to <strong className="font-medium break-all text-ink">{email}</strong>. Open its link within 24 hours: then the account is made.</p>
          <p className="text-muted">If the address has an account, the mail says so.</p>
        </LookInMail>
        <p className="mt-2 text-dense text-muted">You have opened it? <a href={signIn(email)} className="link text-ink">Sign in</a>.</p>
      </Frame>
    );
  }
  return (
    <Frame title="Create an account">
      {setup === undefined ? <div className="h-[330px]" /> : setup?.registration === "closed" ? <Closed /> : (
        <>
          <RegistrationForm registration={registration} setup={setup} invited={query.has("email")} signIn={signIn} />
          <ProviderButtons returnTo={next} registering />
          <p className="mt-6 text-dense text-muted">You have one? <a href={signIn("")} className="link text-ink">Sign in</a>.</p>
        </>
      )}
    </Frame>
  );
}

const Frame = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <EntryFrame title={title} note={<>on <strong className="font-medium text-ink">{location.host}</strong></>}>{children}</EntryFrame>
);

const Closed = () => (
  <div className="grid gap-5">
    <Message tone="warn" title="Nobody can register here.">The operator makes the accounts. Ask for one, or sign in with yours.</Message>
    <ButtonAnchor kind="ink" size="large" wide href="/login">Sign in</ButtonAnchor>
  </div>
);
