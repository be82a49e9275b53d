import type { Batch } from "@imageshield/client";
import { client, queries } from "@/lib/api.ts";
import { fieldsOf, type Choices } from "@/lib/choices.ts";
import type { Look } from "@/lib/intake.ts";
import { Upload } from "@/lib/upload.ts";

/** The limit of one batch. */
export const MOST_PICTURES = 100;

export interface Order {
  files: File[];
  choices: Choices;
}

export const upload = new Upload<Order, Batch>(({ files, choices }, options) => client.batch(files, { ...fieldsOf(choices), ...options }));

/** The pictures of a batch, and what is left out and why. */
export interface Sorted {
  pictures: Extract<Look, { kind: "picture" }>[];
  others: { file: File; why: string }[];
}

export function sorted(looks: readonly Look[]): Sorted {
  const pictures = looks.filter((look): look is Extract<Look, { kind: "picture" }> => look.kind === "picture");
  const others = looks.filter((look) => look.kind !== "picture").map((look) => ({ file: look.file, why: whyNot(look) }));
  const beyond = pictures.slice(MOST_PICTURES).map(({ file }) => ({ file, why: `More than ${MOST_PICTURES}. Send it in another batch.` }));
  return { pictures: pictures.slice(0, MOST_PICTURES), others: [...others, ...beyond] };
}

function whyNot(look: Look): string {
  if (look.kind === "refused") return `${look.why.sentence} ${look.why.remedy}`;
  if (look.kind === "encrypted") return "It is an encrypted picture already.";
  return "It is no picture.";
}

export function send(order: Order, arrived: (batch: string) => void): void {
  upload.start(order, (batch) => {
    queries.setQueryData([batch.batch_id], batch);
    void queries.invalidateQueries({ queryKey: ["batches"] });
    arrived(batch.batch_id);
  });
}
