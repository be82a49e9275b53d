import { useAction } from "@/lib/action.ts";
import { goTo, useProviders } from "@/lib/providers.ts";
import { Button } from "@/ui/button.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

/** A button for each identity provider, below the form of a sign-in or a registration; nothing where there is none. */
export function ProviderButtons({ returnTo, registering = false }: { returnTo: string; registering?: boolean }) {
  const providers = useProviders().filter((provider) => provider.registration || !registering);
  const { run, busy, error } = useAction((provider: string) => goTo(provider, "login", returnTo));
  if (providers.length === 0) return null;
  return (
    <section aria-label="Other ways" className="mt-5 grid gap-3">
      <p className="flex items-center gap-3 text-caption text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">or</p>
      {error !== null && <ProblemMessage error={error} />}
      {providers.map(({ id, name }) => (
        <Button key={id} size="large" wide busy={busy} onClick={() => { run(id); }}>Continue with {name}</Button>
      ))}
    </section>
  );
}
