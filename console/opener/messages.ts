/** What happened and what to do, for each code of a failure. */

import type { Failed } from "./work.ts";

export interface Message {
  readonly title: string;
  readonly remedy: string;
}

const MESSAGES: Record<string, Message> = {
  "decryption-failed": {
    title: "The picture does not open.",
    remedy:
      "Wrong key, wrong password, or a changed file: all three give this answer. Check that the key file belongs to this picture, and type the password again.",
  },
  "header-missing": {
    title: "Another program has saved this picture again, or it was never encrypted.",
    remedy: "Use the file as it was downloaded. If it is lost, add the header file (.qhdr): the service has it, and imageshield header writes it.",
  },
  "key-file-invalid": {
    title: "The key file cannot be read.",
    remedy: "It was changed or cut short. Use the file as it was downloaded; an editor may have saved it in another form.",
  },
  "key-file-too-costly": {
    title: "The password of this key file needs more memory than this browser gives.",
    remedy: "Open the picture on a machine with more memory, or with the command line: imageshield decrypt.",
  },
  "material-required": {
    title: "This picture needs its material file.",
    remedy: "It was encrypted with the purity maximum. Add the .qmat file that came with it.",
  },
  "later-version": {
    title: "The file was made by a later version of the format.",
    remedy: "Use the opener of a newer release.",
  },
  "image-corrupt": { title: "The picture is damaged.", remedy: "Fetch or copy the file again: a part of it is missing or changed." },
  "picture-converted": {
    title: "The picture was converted to another kind of image.",
    remedy: "Its samples are lost. Use the file as it was downloaded.",
  },
  "file-too-large": { title: "The picture is larger than the format allows.", remedy: "An encrypted image has at most 112 MB." },
  "too-many-pixels": { title: "The picture has more pixels than the format allows.", remedy: "An encrypted image has at most 25 megapixels." },
  "unsupported-format": { title: "This is no encrypted picture.", remedy: "An encrypted picture is a PNG." },
  "identity-invalid": {
    title: "The secret key cannot be read.",
    remedy: "It begins with imageshield-secret-1: and stands on one line. Copy it whole from the file that imageshield keygen wrote.",
  },
  "insecure-context": {
    title: "This browser offers no cryptography to this page.",
    remedy: "Open the file from your disk (file://) in a current Firefox or Chromium.",
  },
};

export function describe({ code, detail }: Failed): Message {
  return MESSAGES[code] ?? { title: "The picture could not be decrypted.", remedy: `${detail} (${code})` };
}
