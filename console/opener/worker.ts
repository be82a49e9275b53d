/** The worker: everything that takes time, with the engine of the console. */

import { decrypt, FormatError, restoreKeyFile, SecretKey, type Progress } from "@imageshield/client/format";
import type { Answer, Failed, Opened, Task } from "./work.ts";

const page = globalThis as unknown as {
  onmessage: (event: MessageEvent<Task>) => void;
  postMessage: (answer: Answer, transfer?: Transferable[]) => void;
};

page.onmessage = ({ data }) => {
  void open(data).then(
    (opened) => { page.postMessage(opened, [opened.data]); },
    (error: unknown) => { page.postMessage(failure(error)); },
  );
};

async function open(task: Task): Promise<Opened> {
  const keyFile = new Uint8Array(task.keyFile);
  const sealed = {
    image: new Uint8Array(task.image),
    // An editor or a mail program may have changed its line ends.
    keyFile: restoreKeyFile(keyFile) ?? keyFile,
    material: task.material && new Uint8Array(task.material),
    header: task.header && new Uint8Array(task.header),
    secrets: { passphrase: task.password === "" ? undefined : task.password, secretKeys: task.identities.map(read) },
  };
  const { file, fileName, mediaType } = await decrypt(sealed, { onProgress: report, consume: true });
  return { kind: "opened", data: file.buffer, name: fileName, mediaType };
}

class IdentityInvalid extends Error {}

function read(line: string): SecretKey {
  try {
    return SecretKey.parse(line);
  } catch (error) {
    throw new IdentityInvalid(error instanceof Error ? error.message : "", { cause: error });
  }
}

function report({ stage, done, total }: Progress): void {
  page.postMessage({ kind: "step", stage, share: total === 0 ? null : done / total });
}

function failure(error: unknown): Failed {
  const detail = error instanceof Error ? error.message : String(error);
  const code = error instanceof FormatError ? error.code : error instanceof IdentityInvalid ? "identity-invalid" : "internal";
  return { kind: "failed", code, detail };
}
