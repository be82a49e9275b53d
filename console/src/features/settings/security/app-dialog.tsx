import type { NewAuthenticatorApp } from "@imageshield/client";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { submitting, textOf } from "@/lib/forms.ts";
import { usePhone } from "@/lib/hooks.ts";
import type { Words } from "@/lib/problems.ts";
import { Button, ButtonAnchor } from "@/ui/button.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Input } from "@/ui/input.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

const FORM = "authenticator-app";
const WORDS = new Map<string, Words>([
  ["code-wrong", { sentence: "This is not the code of now.", remedy: "Take the next one. If it is wrong as well, scan the picture again." }],
  ["factor-not-begun", { sentence: "The set-up was begun again elsewhere.", remedy: "Close this, and set the app up from the start." }],
]);

interface Props {
  made: NewAuthenticatorApp;
  onClose: () => void;
  onAdded: (codes: readonly string[] | null) => Promise<void>;
}

/** The secret for the app, as a picture and as text, and the first code as the proof that the app has it. */
export function AppDialog({ made: { secret, uri, qr_svg }, onClose, onAdded }: Props) {
  const isPhone = usePhone();
  const { run, busy, error } = useAction(async (form: FormData) => {
    const { recovery_codes } = await client.factors.confirmApp(textOf(form, "code").replaceAll(/\s/g, ""));
    await onAdded(recovery_codes ?? null);
  });
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="ink" type="submit" form={FORM} busy={busy}>Add the app</Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="Set up an authenticator app" actions={actions}>
      <p>Scan the picture with the app, or type the secret into it: Aegis, 1Password, Google Authenticator and others do.</p>
      <div className="my-4 grid justify-items-center gap-3">
        <img src={`data:image/svg+xml,${encodeURIComponent(withNamespace(qr_svg))}`} alt="The secret as a QR code" width={196} height={196} className="rounded-control border border-line" />
        <div className="grid justify-items-center gap-0.5 text-center"><span className="text-caption">Secret</span><CopyableId id={secret} what="secret" whole /></div>
        {isPhone && <ButtonAnchor size="small" href={uri}>Open it in an app on this phone</ButtonAnchor>}
      </div>
      <form id={FORM} onSubmit={submitting(run)} className="grid gap-4 text-ink">
        {error !== null && <ProblemMessage error={error} words={WORDS} />}
        <Input label="Code" hint="The six digits that the app shows now" name="code" inputMode="numeric" autoComplete="one-time-code" pattern="\s*\d{3}\s*\d{3}\s*" title="Six digits" autoFocus required controlClassName="h-11 font-mono" />
      </form>
    </Dialog>
  );
}

/** A picture of its own needs what an element in a page does without. */
const withNamespace = (svg: string): string => svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ');
