import type { FilesProps } from "@/features/decrypt/files.tsx";
import { keyFileOf, locksOf } from "@/features/decrypt/slots.ts";
import { Chooser } from "@/ui/file-drop.tsx";
import { PasswordInput, TextArea } from "@/ui/input.tsx";
import { Message } from "@/ui/message.tsx";

/** What the key file asks for: its password, or a secret key. */
export function Secrets({ wish, onChange }: FilesProps) {
  const { slots, where, password, identity } = wish;
  const keyFile = keyFileOf(slots);
  const locks = locksOf(keyFile);
  const mayHavePassword = locks.has("password") || (keyFile === null && where === "service");
  const load = async (files: File[]) => {
    const text = await files.at(0)?.slice(0, 65_536).text();
    if (text !== undefined) onChange({ identity: text.trim() });
  };
  return (
    <>
      {mayHavePassword && <PasswordInput label="Password" note={keyFile ? "this key file is locked with one" : "only if the picture was encrypted with one"} autoComplete="off" value={password} onChange={(event) => { onChange({ password: event.target.value }); }} />}
      {where === "here" && locks.has("identity") && (
        <TextArea
          label="Secret key" note="this key file is for recipients" rows={2} spellCheck={false} autoComplete="off" placeholder="imageshield-secret-1:…" controlClassName="font-mono text-caption" value={identity} onChange={(event) => { onChange({ identity: event.target.value }); }}
          aside={<Chooser label="Secret key from a file" size="small" onFiles={(files) => void load(files)}>From a file</Chooser>} hint="It stays in this page's memory and is forgotten with it."
        />
      )}
      {where === "here" && locks.size > 0 && [...locks].every((lock) => lock === "service") && <Message tone="info" title="Only the service opens this key file.">It is locked with the key of the service's vault. Switch "In this browser" off.</Message>}
    </>
  );
}
