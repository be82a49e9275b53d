import { SHORTCUTS } from "@/app/shortcuts.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Kbd } from "@/ui/kbd.tsx";

export function ShortcutsDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts" actions={<Button onClick={onClose}>Close</Button>}>
      <dl className="mt-2">
        {SHORTCUTS.map(({ keys, text }) => (
          <div key={keys} className="flex items-center justify-between gap-4 border-hairline py-1.5 not-first:border-t">
            <dt className="text-ink">{text}</dt>
            <dd><Keys keys={keys} /></dd>
          </div>
        ))}
      </dl>
      <p className="mt-3">They are off while you type.</p>
    </Dialog>
  );
}

/** `g o` as two keys. */
export const Keys = ({ keys }: { keys: string }) => (
  <span className="flex gap-1">
    {keys.split(" ").map((key) => <Kbd key={key}>{key.length === 1 ? key.toUpperCase() : key}</Kbd>)}
  </span>
);
