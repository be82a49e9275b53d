"""The only door for uploads: it reads headers, enforces limits, and turns a file into samples and back.

- `limits` are the numbers, each with its reason; `names` keeps a file name only as far as it is harmless.
- `intake` looks at a file without decoding it: magic bytes, then one walk over its structure.
- `png_walk`, `jpeg_walk` (with `jpeg_scans`), `bmp_walk`, `tiff_walk` (with `tiff_tags`, `tiff_pages`, `tiff_losses`)
  and `webp_walk` are these walks, in bounded time.
- `others` recognizes what is kept as a file and `undecoded`: `boxes` (HEIF, AVIF, CR3), `jxl`, `raw` (DNG and the
  like); `strangers` names what is refused.
- `facts` is what a walk finds out; `splice` shows a decoder only those bytes of a file that make pixels.
- `pixels` is the one place where Pillow runs; `png_read` reads exact PNG files without it; `conveyor` lets a
  second thread follow band by band.
- `regions` takes the pixels of rectangles out of a picture and puts them back; `orientation` tells how viewers turn it.
- `payload` chooses the layout and turns a file into samples; `restore` turns samples into a file, with `rebuild` where
  it is written anew; `values` checks what authentic metadata hold.
- `png_write`, `bmp_write` and `tiff_write` rebuild a file around its pixels, with everything that was kept of it.

docs/reference/format.md, "Payload", is the specification.
"""
