import { decryptLocally, LocalFailure, type LocalPicture } from "@imageshield/client/local";
import { useEffect, useRef, useState } from "react";
import type { Wish } from "@/features/decrypt/readiness.ts";
import { keyFileOf, locksOf, type Lock } from "@/features/decrypt/slots.ts";
import { explainCode, type Explanation } from "@/lib/problems.ts";
import type { Mark } from "@/lib/watch.ts";

export interface LocalRun {
  stage: string;
  progress: number;
  marks: Mark[];
  endedAt: number | null;
  picture: LocalPicture | null;
  failure: Explanation | null;
}

const BEGUN: LocalRun = { stage: "validating", progress: 0, marks: [], endedAt: null, picture: null, failure: null };

/** Decrypts in a worker of this page; the worker ends with the page, or when it is stopped. */
export function useLocalDecryption() {
  const [run, setRun] = useState<LocalRun | null>(null);
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => { stop.current?.abort(); }, []);
  const change = (part: (before: LocalRun) => Partial<LocalRun>) => { setRun((before) => before && { ...before, ...part(before) }); };

  const begin = async (wish: Wish) => {
    const mine = new AbortController();
    stop.current?.abort();
    stop.current = mine;
    setRun({ ...BEGUN, marks: [{ stage: "validating", at: performance.now() }] });
    try {
      const picture = await decryptLocally(filesOf(wish), {
        signal: mine.signal,
        onProgress: ({ stage, progress }) => { change(({ marks }) => ({ stage, progress, marks: marks.at(-1)?.stage === stage ? marks : [...marks, { stage, at: performance.now() }] })); },
      });
      change(() => ({ picture, endedAt: performance.now() }));
    } catch (error) {
      if (!mine.signal.aborted) change(() => ({ failure: explainLocal(error, locksOf(keyFileOf(wish.slots))), endedAt: performance.now() }));
    }
  };
  const cancel = () => {
    stop.current?.abort();
    setRun(null);
  };
  return { run, begin: (wish: Wish) => void begin(wish), cancel };
}

function filesOf({ slots, password, identity }: Wish) {
  const { picture, key, material, header } = slots;
  if (!picture || !key) throw new Error("A picture and its key file are needed");
  return {
    picture: picture.file,
    keyFile: key.file,
    password,
    identity,
    ...(material && { material: material.file }),
    ...(header && picture.kind === "picture" && { header: header.file }),
  };
}

/** The words of a key file that has one kind of lock. */
const NO_MATCH = {
  password: { sentence: "The password does not open this key file.", remedy: "Check it, also the keyboard layout. If the password is lost, nobody can help." },
  identity: { sentence: "The secret key does not open this key file.", remedy: "Use the secret key of one of the recipients for whom it was encrypted." },
};

const REMEDIES: Partial<Record<string, string>> = {
  "no match": "Check the password, also the keyboard layout. If the key file is for recipients, use the secret key of one of them.",
  commitment: "Choose the key file that was downloaded with this picture.",
  mac: "Fetch the encrypted picture again from where it was saved first. A copy that went through a messenger or an editor is another file.",
  "key file": "Key files end in .qkey. Choose the one that was downloaded with the picture, unchanged.",
  header: "Fetch the encrypted picture again from where it was saved first.",
};

/** Here nobody is helped by a vague answer but the person at this machine, so it says which step failed. */
export function explainLocal(error: unknown, locks: ReadonlySet<Lock>): Explanation {
  if (!(error instanceof LocalFailure)) throw error;
  const { code, failure, message } = error;
  const only = locks.size === 1 ? [...locks][0] : undefined;
  if (failure === "no match" && (only === "password" || only === "identity")) return { ...explainCode(code), ...NO_MATCH[only] };
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  const known = explainCode(code);
  const isOfApi = !["insecure-context", "out-of-memory", "worker-failed", "internal"].includes(code);
  return { sentence, remedy: REMEDIES[failure ?? ""] ?? (code === "decryption-failed" ? "" : known.remedy), code, ...(isOfApi && known.page && { page: known.page }) };
}
