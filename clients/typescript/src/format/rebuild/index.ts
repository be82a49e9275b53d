/** The file of the layout `pixels`, from its samples and `rebuild` of the metadata. */

import type { Bytes } from "../bytes.ts";
import type { JsonObject } from "../canonical.ts";
import { PayloadInvalid } from "../failures.ts";
import type { DecodedFormat, Picture } from "../picture.ts";
import { rebuildBmp } from "./bmp.ts";
import { rebuildPng } from "./png.ts";
import { rebuildTiff } from "./tiff.ts";

export interface Rebuilt {
  readonly data: Bytes;
  readonly format: DecodedFormat;
}

/** Rebuilds the file; throws PayloadInvalid where the metadata do not describe one of such samples. */
export function rebuild(picture: Picture, description: JsonObject): Rebuilt {
  switch (description.as) {
    case "PNG":
      return { data: rebuildPng(picture, description), format: "PNG" };
    case "BMP":
      return { data: rebuildBmp(picture, description), format: "BMP" };
    case "TIFF":
      return { data: rebuildTiff(picture, description), format: "TIFF" };
    default:
      throw new PayloadInvalid("The metadata describe a file that is never rebuilt");
  }
}
