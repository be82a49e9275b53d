import type { Job } from "@imageshield/client";
import { NO_FILES, type Slots } from "@/features/decrypt/slots.ts";
import type { Wish } from "@/features/decrypt/readiness.ts";
import { client, queries } from "@/lib/api.ts";
import { Upload } from "@/lib/upload.ts";

export const upload = new Upload<Wish, Job>(({ slots, password, keyId }, options) => {
  const { picture, key, material } = slots;
  if (!picture) throw new Error("A picture is needed");
  return client.decrypt(picture.file, {
    ...(key && { key_file: key.file }),
    ...(material && { material: material.file }),
    ...(password !== "" && { master_password: password }),
    ...(picture.kind === "picture" && { detached: true, key_id: keyId }),
    ...options,
  });
});

/** The files of the last try, so that after a wrong password nothing has to be chosen again. The password is not among them. */
let kept: Slots = NO_FILES;
export const keptFiles = (): Slots => kept;
export function keepFiles(slots: Slots): void {
  kept = slots;
}

export function send(wish: Wish, arrived: (job: string) => void): void {
  keepFiles(wish.slots);
  upload.start(wish, (job) => {
    queries.setQueryData([job.job_id], job);
    void queries.invalidateQueries({ queryKey: ["jobs"] });
    arrived(job.job_id);
  });
}
