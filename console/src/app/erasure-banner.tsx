import { CalendarX } from "lucide-react";
import { startOver } from "@/lib/account.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { useOwnErasure } from "@/lib/erasures.ts";
import { day } from "@/lib/format.ts";
import { Button } from "@/ui/button.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

/** Said above every page while the user is to be erased, with the way back. */
export function ErasureBanner() {
  const erasure = useOwnErasure();
  const { run, busy } = useAction(async () => {
    await client.person.keep();
    toast("Your account stays", { text: "Webhooks stay off until you enable them." });
    await startOver();
  }, (error) => { toastError("The erasure goes on", error); });
  if (erasure === undefined) return null;
  const { state, erase_at, backups_by } = erasure;
  return (
    <div role="status" className="flex flex-wrap items-center justify-center gap-x-4 gap-y-2 bg-warn-tint px-4 py-2 text-dense text-warn">
      <p className="flex items-start gap-2">
        <CalendarX aria-hidden className="mt-px size-4 shrink-0" strokeWidth={1.75} />
        <span>
          <strong className="font-semibold">{state === "scheduled" ? `Your account will be erased on ${day(new Date(erase_at))}.` : "Your account is being erased."}</strong> {state === "scheduled" && "Until then it is closed."}{backups_by !== null && ` Backups may hold it until ${day(new Date(backups_by))}.`}
        </span>
      </p>
      {state === "scheduled" && <Button size="small" busy={busy} onClick={run}>Keep my account</Button>}
    </div>
  );
}
