/** Files on their way from one page to another: several pictures to the batch, an encrypted one to the decryption. */
const carried = new Map<string, File[]>();

export function carry(page: string, files: File[]): void {
  carried.set(page, files);
}

/** What was brought to a page, once. */
export function unpack(page: string): File[] {
  const files = carried.get(page) ?? [];
  carried.delete(page);
  return files;
}
