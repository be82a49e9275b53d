export interface Part {
  text: string;
  /** Where it leads, within this service. */
  href?: string;
}

/** The text of a mail in parts: addresses of this service are links, and nothing else is. */
export function partsOf(text: string, origin: string): Part[] {
  const pieces = text.split(/(https?:\/\/\S+)/);
  return pieces.filter((piece) => piece !== "").map((piece) => (isOwn(piece, origin) ? { text: piece, href: piece } : { text: piece }));
}

function isOwn(text: string, origin: string): boolean {
  return URL.canParse(text) && new URL(text).origin === origin;
}
