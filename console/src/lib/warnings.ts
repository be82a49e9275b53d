/** What a warning of a job means (docs/reference/api.md, Warnings), and what to do. */
const SENTENCES: Record<string, string> = {
  "trailing-data": "There are bytes behind the end of the picture. In the layout “File” they come back, in “Pixels” they do not.",
  "metadata-dropped": "Some of what the file says about the picture does not come back. The layout “File” keeps everything.",
  "frames-dropped": "The file holds more than one picture. Only the first one comes back. The layout “File” keeps all of them.",
  "end-missing": "This JPEG has no end marker. All of its pixels are there, and it comes back as it is.",
  "not-decoded": "The file is kept as it is and nothing decodes it, so damage in it is not noticed.",
  "region-small": "Fewer than 4,096 pixels are encrypted. Their number and place reveal much.",
  "orientation-not-applied": "Viewers turn this picture. If you chose the parts by eye, check that they are in the right place.",
  "analysis-failed": "The picture is encrypted, but the analysis is missing. Encrypt it again to get one.",
  "analysis-not-possible": "There is no analysis, because nothing decodes this picture.",
  "not-byte-identical": "The pixels are the original’s. The bytes of the file are not, because it was compressed again.",
};

export const warningText = (code: string): string => SENTENCES[code] ?? code.replaceAll("-", " ");
