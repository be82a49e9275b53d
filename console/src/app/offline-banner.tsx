import { WifiOff } from "lucide-react";
import { useOnline } from "@/lib/hooks.ts";

/** Said while the computer is offline; nothing that was typed is lost. */
export function OfflineBanner() {
  const online = useOnline();
  return (
    <div role="status">
      {!online && (
        <p className="flex items-center justify-center gap-2 bg-warn-tint px-4 py-2 text-dense text-warn">
          <WifiOff aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
          <span><strong className="font-semibold">This computer is offline.</strong> Jobs go on at the service; what you entered is kept.</span>
        </p>
      )}
    </div>
  );
}
