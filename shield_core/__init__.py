"""The science of ImageShield: bytes and arrays in, bytes and arrays out.

A walk through the rooms, in the order in which a picture meets them:

- `image` is the only door for uploads: it reads headers, enforces limits, and turns a file into samples and back.
- `quantum` measures bits, tests their health, conditions them with the operating system's and draws a file key.
- `keys` derives every other key from it, and wraps it into a key file.
- `cipher` is the keystream and the keyed permutation.
- `encrypted` writes and strictly reads the encrypted PNG: docs/reference/format.md in code.
- `analysis` measures what was done to the picture.
- `pipeline` is all of that as two functions: `encrypt_image` and `decrypt_image`.
- `appraisal` takes two files, before and after, and gives them to `analysis`.
- `warmup` compiles the kernels of all of them.

No web, no database, no queue. `errors` draws every failure; `progress` is how a caller is told.
"""

__version__ = "0.1.0"
"""Of the product. Inside an image the package is not installed, so its metadata cannot be asked."""
