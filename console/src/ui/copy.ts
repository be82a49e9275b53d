import { toast } from "@/ui/toast.tsx";

/** Copy a text; a notice says so if the browser refuses. */
export async function copy(text: string): Promise<boolean> {
  try {
    if (isSecureContext) await navigator.clipboard.writeText(text);
    else copyWithoutPermission(text);
    return true;
  } catch {
    toast("Nothing was copied", { tone: "bad", text: "The browser does not let this page write to the clipboard. Select the text and copy it." });
    return false;
  }
}

/** Copy the address of this page, without what was chosen on it. */
export async function copyAddress(): Promise<void> {
  if (await copy(location.origin + location.pathname)) toast("Link copied", { text: "It opens this job for people of this account." });
}

/** Over http and not on localhost, browsers have the old interface only. */
function copyWithoutPermission(text: string): void {
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", give);
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other one
    if (!document.execCommand("copy")) throw new Error("refused");
  } finally {
    document.removeEventListener("copy", give);
  }
}
