import { ChevronsUpDown, LogOut, Settings } from "lucide-react";
import { useMe } from "@/lib/api.ts";
import { leaveConsole } from "@/lib/session.ts";
import { Menu } from "@/ui/menu.tsx";
import { toastError } from "@/ui/toast.tsx";

/** Who is signed in, and the way out. */
export function AccountMenu() {
  const { data: me } = useMe();
  const email = me?.email ?? "";
  const items = [
    { label: "Settings", icon: Settings, to: "/settings" },
    { label: "Sign out", icon: LogOut, onSelect: () => void leave(), lined: true },
  ];
  return (
    <Menu items={items} label={`Account ${email}`} buttonClassName="flex w-full items-center gap-2.5 rounded-control px-2 py-1.5 text-left text-dense transition-colors hover:bg-raised">
      <span aria-hidden className="flex size-7 shrink-0 items-center justify-center rounded-control border border-line bg-raised text-caption font-semibold">{initials(email)}</span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{email || "…"}</span>
        <span className="block text-caption text-muted">{me?.operator ? "Operator" : (me?.tier ?? "…")}</span>
      </span>
      <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted" strokeWidth={1.5} />
    </Menu>
  );
}

/** Sign out. If the service does not answer, the session goes on and a notice says so. */
export async function leave(): Promise<void> {
  try {
    await leaveConsole();
  } catch (error) {
    toastError("You are still signed in", error);
  }
}

/** `ada.lovelace@…` is AL, `ada@…` is AD. */
function initials(email: string): string {
  const [first = "", second] = (email.split("@")[0] ?? "").split(/[._-]+/);
  return (second ? first.charAt(0) + second.charAt(0) : first.slice(0, 2)).toUpperCase();
}
