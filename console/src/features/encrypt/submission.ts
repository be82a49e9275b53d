import type { Job, Region } from "@imageshield/client";
import { client, queries } from "@/lib/api.ts";
import { fieldsOf, type Choices } from "@/lib/choices.ts";
import { Upload } from "@/lib/upload.ts";

export interface Order {
  file: File;
  choices: Choices;
  regions: Region[];
}

export const upload = new Upload<Order, Job>(({ file, choices, regions }, options) =>
  client.encrypt(file, { ...fieldsOf(choices, regions.length > 0), ...(regions.length > 0 && { regions }), ...options }),
);

/** The pictures of this visit, by their jobs: the browser's own copies, which are never stored. */
const copies = new Map<string, { file: File; acceptedAt: number; measured: boolean }>();
const MOST_COPIES = 10;

/** Send a picture; `arrived` gets the id of its job. */
export function send(order: Order, arrived: (job: string) => void): void {
  upload.start(order, (job) => {
    copies.set(job.job_id, { file: order.file, acceptedAt: performance.now(), measured: order.choices.analyze });
    for (const oldest of [...copies.keys()].slice(0, -MOST_COPIES)) copies.delete(oldest);
    queries.setQueryData([job.job_id], job);
    void queries.invalidateQueries({ queryKey: ["jobs"] });
    arrived(job.job_id);
  });
}

export const copyOf = (job: string) => copies.get(job);
