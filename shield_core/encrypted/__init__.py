"""The encrypted image as a file: docs/reference/format.md in code.

`header` is what stands in the `qsIS` chunk, `metadata` its encrypted part, `tag` the MAC over everything. `png`
writes the picture of noise and strictly reads it; `stream` is the inside of its IDAT chunks. `inspection` says what
anybody can see without a key, `evidence` what image and key file show for a receipt. `chunks` is the frame of secrets
at rest; in it stands the `material` of an image, the segment seeds of `multistage` or the `lanes` of `maximum`.
"""
