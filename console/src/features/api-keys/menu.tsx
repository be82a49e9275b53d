import type { ApiKey } from "@imageshield/client";
import { Ellipsis, Pencil, RotateCw, Trash2 } from "lucide-react";
import { isInUse, isValid, stateOf } from "@/features/api-keys/state.ts";
import { useNow } from "@/lib/hooks.ts";
import { Menu } from "@/ui/menu.tsx";

export type Act = "change" | "rotate" | "revoke";

/** What can be done with a key; nothing with one that has ended. */
export function KeyMenu({ apiKey, onAct }: { apiKey: ApiKey; onAct: (act: Act, apiKey: ApiKey) => void }) {
  const state = stateOf(apiKey, useNow());
  if (!isValid(state)) return null;
  const items = [
    ...(isInUse(state) ? [
      { label: "Change…", icon: Pencil, onSelect: () => { onAct("change", apiKey); } },
      { label: "Rotate…", icon: RotateCw, onSelect: () => { onAct("rotate", apiKey); } },
    ] : []),
    { label: "Revoke…", icon: Trash2, onSelect: () => { onAct("revoke", apiKey); }, danger: true, lined: isInUse(state) },
  ];
  return (
    <Menu items={items} label={`More of ${apiKey.name}, ${apiKey.prefix}`} iconOnly align="end" buttonClassName="relative z-1 inline-flex size-8 items-center justify-center rounded-control text-muted hover:bg-raised hover:text-ink max-md:size-11">
      <Ellipsis aria-hidden className="size-4" strokeWidth={1.75} />
    </Menu>
  );
}
