/** Forms of the calls that take files. */

/** Write fields as the API reads them: missing ones left out, lists of text as repeated fields, objects as JSON. */
export function writeForm(fields: object): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) append(form, name, value);
  return form;
}

function append(form: FormData, name: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (value instanceof Blob) form.append(name, value, fileName(value));
  else if (typeof value === "string") form.append(name, value);
  else if (Array.isArray(value) && value.every(isSingle)) for (const single of value) append(form, name, single);
  else form.append(name, JSON.stringify(value));
}

function isSingle(value: unknown): value is string | Blob {
  return typeof value === "string" || value instanceof Blob;
}

function fileName(file: Blob): string {
  return file instanceof File && file.name !== "" ? file.name : "file";
}
