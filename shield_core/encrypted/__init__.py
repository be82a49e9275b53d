"""The encrypted image as a file: docs/reference/format.md in code.

`header` is the content of the `qsIS` chunk, `metadata` its encrypted part, `tag` the MAC over everything. `png` writes
the picture of noise and strictly reads it; `stream` is the data of its IDAT chunks; `detached` reads the samples of a
picture that another program has saved again; `pair` reads image and key file in their order. `inspection` describes
what is visible without a key, `evidence` what image and key file show for a receipt. `chunks` seals secrets at rest,
such as the `material` of an image: the segment seeds of `multistage` or the `lanes` of `maximum`.
"""
