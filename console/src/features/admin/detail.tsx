import { ApiProblem } from "@imageshield/client";
import type { LucideIcon } from "lucide-react";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card } from "@/ui/card.tsx";
import { Bone, Empty, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";

interface Props {
  error: unknown;
  /** "account" or "user". */
  what: string;
  icon: LucideIcon;
  view: string;
}

/** The page of an account or a user that has not come yet, or does not come. */
export function NoDetail({ error, what, icon, view }: Props) {
  if (!error) return <Skeleton><div className="mb-6 grid gap-2.5"><Bone className="h-5 w-24" /><Bone className="h-6 w-96 max-w-full" /></div><Bone className="h-64 w-full" /></Skeleton>;
  const unknown = error instanceof ApiProblem && error.status === 404;
  return (
    <>
      <PageHead title={what === "user" ? "User" : "Account"} />
      {unknown ? <Card><Empty icon={icon} title={`There is no such ${what}.`} action={<ButtonLink to="/admin" search={{ view }}>See all {what}s</ButtonLink>}>It was erased, or the address is wrong.</Empty></Card> : <ProblemMessage error={error} />}
    </>
  );
}
