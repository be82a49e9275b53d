/** Where a page may send people after they signed in: a path of this console, and no other address. */
export function safeNext(next: unknown, otherwise = "/overview"): string {
  if (typeof next !== "string" || !next.startsWith("/") || /^\/[/\\]/.test(next) || /^\/(login|register|forgot-password|reset-password|verify-email)\b/.test(next)) return otherwise;
  // A browser drops tabs and line ends inside an address, so "/\t/host" would be another host.
  return /[\u0000-\u0020\\]/.test(next) ? otherwise : next;
}
