import type { MailPreferences } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Row, Section } from "@/features/settings/section.tsx";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { useInstallation } from "@/lib/installation.ts";
import { Badge } from "@/ui/badge.tsx";
import { CardPart } from "@/ui/card.tsx";
import { Switch } from "@/ui/choice.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { toastError } from "@/ui/toast.tsx";

type Notice = keyof MailPreferences;

const KEY = ["mail-preferences"];
const NOTICES: { notice: Notice; name: string; text: string }[] = [
  { notice: "batches", name: "Batches", text: "When a batch has ended, with how many of its pictures failed" },
  { notice: "limits", name: "Limits", text: "When a limit of your account is near, and when it is reached" },
  { notice: "keys", name: "Keys", text: "When a key is due for rotation, and when an API key is about to expire" },
];

/** Which notices come by mail. */
export function Mails() {
  const { data: setup } = useInstallation();
  const { data, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => client.person.mailPreferences({ signal }) });
  const choose = useAction(
    async (notice: Notice, wanted: boolean) => {
      queries.setQueryData<MailPreferences>(KEY, (before) => before && { ...before, [notice]: wanted });
      queries.setQueryData(KEY, await client.person.changeMailPreferences({ [notice]: wanted }));
    },
    (failure) => {
      toastError("Nothing has changed", failure);
      void queries.invalidateQueries({ queryKey: KEY });
    },
  );
  return (
    <Section id="mail" title="Mail" note={setup?.mail === false ? "This installation sends no mail. Your choice counts as soon as it does." : "Every notice has a link that ends its kind."}>
      {error && <CardPart><ProblemMessage error={error} /></CardPart>}
      {NOTICES.map(({ notice, name, text }) => <Row key={notice} title={name} note={text} control={<Switch aria-label={name} disabled={data === undefined} checked={data?.[notice] ?? false} onChange={(wanted) => { choose.run(notice, wanted); }} />} />)}
      <Row title="Security" note="New devices, and changes of your password, address and factors; links that you asked for; export and erasure of your data" control={<Badge>Always sent</Badge>} />
    </Section>
  );
}
