/** More than a batch can hold; a dropped home folder must not freeze the page. */
const MOST_FILES = 1000;

/** The files of a drop, those in dropped folders included, in the order of their paths. */
export async function filesOf(data: DataTransfer): Promise<File[]> {
  // The entries must be read before the first await: the list is emptied after the event.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry());
  const plain = [...data.files];
  if (entries.every((entry) => entry === null)) return plain;
  const found: File[] = [];
  for (const entry of entries) if (entry) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (found.length >= MOST_FILES || entry.name.startsWith(".")) return;
  if (isFile(entry)) {
    found.push(await new Promise<File>((done, failed) => { entry.file(done, failed); }));
    return;
  }
  for (const child of await children(entry as FileSystemDirectoryEntry)) await collect(child, found);
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives at most 100 entries at a time.
    const some = await new Promise<FileSystemEntry[]>((done, failed) => { reader.readEntries(done, failed); });
    if (some.length === 0) return all.sort((one, other) => one.name.localeCompare(other.name));
    all.push(...some);
  }
}
