import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { RotateCw } from "lucide-react";
import { Button } from "@/ui/button.tsx";
import { Logo } from "@/ui/logo.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

/** A page that could not be shown: what happened, what to do, and the button that does it. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <main className="mx-auto flex min-h-[70dvh] max-w-md flex-col justify-center px-5 py-10">
      <Logo className="mb-6" />
      <h1 tabIndex={-1} className="mb-4 text-title">This page cannot be shown.</h1>
      <ProblemMessage error={error} action={<Button icon={RotateCw} onClick={again}>Try again</Button>} />
    </main>
  );
}
