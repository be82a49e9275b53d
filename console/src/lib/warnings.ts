const WORDS: Record<string, string> = {
  "trailing-data": "There were bytes behind the end of the picture. The layout \"file\" keeps them, \"pixels\" does not.",
  "metadata-dropped": "Some of what the file said about the picture was not kept.",
  "frames-dropped": "The file held more pictures than the first. Only the first was kept.",
  "end-missing": "The JPEG has no end marker. All of its pixels are there.",
  "not-decoded": "The file was kept as it is and nothing decoded it, so damage in it goes unnoticed.",
  "region-small": "Few pixels are encrypted: their number and place reveal much.",
  "orientation-not-applied": "Viewers turn this picture. The parts are where they were drawn on it as it is stored.",
  "analysis-failed": "The measurement failed. The picture is encrypted.",
  "analysis-not-possible": "It cannot be measured, because nothing decodes this picture.",
  "not-byte-identical": "Every pixel is the original's. The bytes of the file are not, because it was compressed again.",
};

/** A warning of a job in a sentence; a code that this release does not know stands for itself. */
export const explainWarning = (code: string): string => WORDS[code] ?? code;
