/** Let the browser save bytes under a name, as a download does. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has its own hold on the bytes once it has begun.
  setTimeout(() => { URL.revokeObjectURL(link.href); }, 60_000);
}
