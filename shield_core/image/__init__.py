"""Reading and writing of image files: the only entry for uploads. It enforces limits before it decodes anything.

- `limits` has the limits, each with its reason; `names` makes file names safe.
- `intake` examines a file without decoding it: magic bytes, then one walk over its structure.
- `formats.png_walk`, `jpeg_walk` (with `jpeg_scans`), `bmp_walk`, `tiff_walk` (with `tiff_tags`, `tiff_pages`,
  `tiff_losses`) and `webp_walk` are these walks, in bounded time.
- `formats.others` recognizes formats that are kept as a file and `undecoded`: `boxes` (HEIF, AVIF, CR3), `jxl`, `raw`
  (DNG and similar); `refused` names refused formats.
- `facts` is the result of a walk; `splice` gives a decoder only the bytes of a file that make pixels.
- `pixels` is the only module that runs Pillow; `formats.png_read` reads exact PNG files without it; `handover` lets a
  second thread process the bands of a picture.
- `regions` takes the pixels of rectangles out of a picture and puts them back; `orientation` is the rotation that
  viewers apply.
- `payload` chooses the layout and turns a file into samples; `restore` turns samples into a file, with `rebuild` if it
  writes a new one; `values` checks authentic metadata.
- `formats.png_write`, `bmp_write` and `tiff_write` rebuild a file around its pixels, with everything that was kept.

docs/reference/format.md, "Payload", is the specification.
"""
