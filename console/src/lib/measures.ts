// How the console names and writes the numbers of an analysis (docs/reference/analysis.md).

interface Words {
  name: string;
  /** Its name in the literature, or its unit. */
  technical: string;
  write: (value: number) => string;
}

const LOCALE = "en-GB";
const MINUS = "\u2212";

/** A number as text sets it: with a minus sign, not a hyphen. */
export const signed = (value: number, digits: number, plus = false): string => {
  const size = Math.abs(value).toFixed(digits);
  if (Number(size) === 0) return size;
  return `${value < 0 ? MINUS : plus ? "+" : ""}${size}`;
};

const share = (value: number): string => `${value.toFixed(4)} %`;
const correlation = (value: number): string => (value === 0 ? "0" : signed(value, 5, true));
const grouped = (value: number): string => value.toLocaleString(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const WORDS = new Map<string, Words>(Object.entries({
  entropy: { name: "Entropy", technical: "bits per byte", write: (value: number) => value.toFixed(6) },
  chi_square: { name: "Histogram", technical: "chi-square", write: grouped },
  correlation_horizontal: { name: "Neighbors, right", technical: "correlation", write: correlation },
  correlation_vertical: { name: "Neighbors, below", technical: "correlation", write: correlation },
  correlation_diagonal: { name: "Neighbors, diagonal", technical: "correlation", write: correlation },
  npcr_between_ciphertexts: { name: "Two encryptions differ", technical: "NPCR", write: share },
  uaci_between_ciphertexts: { name: "… by how much", technical: "UACI", write: share },
  npcr_original_vs_encrypted: { name: "Original against encrypted", technical: "NPCR", write: share },
  uaci_original_vs_encrypted: { name: "… by how much", technical: "UACI", write: share },
  mse_original_vs_encrypted: { name: "Mean squared error", technical: "MSE", write: grouped },
  key_space: { name: "Key space", technical: "bits", write: (value: number) => value.toLocaleString(LOCALE) },
}));

/** The words for a measure; one that a newer service adds has the name that the service gives it. */
export const wordsOf = (id: string, otherwise: string): Words =>
  WORDS.get(id) ?? { name: otherwise, technical: "", write: (value: number) => value.toLocaleString(LOCALE, { maximumSignificantDigits: 6 }) };

/** `0.93`, `0.004`, `< 0.00001`. */
export function pText(p: number | null): string {
  if (p === null) return "–";
  if (p < 0.00001) return "< 0.00001";
  return p >= 0.0095 ? p.toFixed(2) : p.toFixed(Math.min(5, 1 - Math.floor(Math.log10(p)))).replace(/0+$/, "");
}

/** `p = 0.93`, `p < 0.00001`. */
export const pSentence = (p: number | null): string => (p !== null && p < 0.00001 ? `p ${pText(p)}` : `p = ${pText(p)}`);

/** `10,000`: one picture of so many, rounded down to two digits so that it promises no more than holds. */
export function oneOf(share: number): string | null {
  if (!(share > 0)) return null;
  const power = 10 ** Math.max(0, Math.floor(Math.log10(1 / share)) - 1);
  return (Math.floor(1 / share / power + 1e-6) * power).toLocaleString(LOCALE);
}

/** The start of a sentence, and the middle of one. */
export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
export const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
