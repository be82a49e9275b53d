"""The core library of ImageShield: image encryption and analysis on bytes and arrays.

Its packages and modules, in the order in which a picture passes through them:

- `image` is the only door for uploads: it reads headers, enforces limits, and turns a file into samples and back.
- `quantum` measures bits, tests their health, conditions them with the operating system's and draws a file key.
- `keys` derives every other key from it, and wraps it into a key file.
- `cipher` is the keystream and the keyed permutation.
- `encrypted` writes and strictly reads the encrypted PNG: docs/reference/format.md in code.
- `analysis` measures what was done to the picture.
- `pipeline` combines all of that in two functions: `encrypt_image` and `decrypt_image`.
- `appraisal` decodes an original and an encrypted file and passes them to `analysis`.
- `warmup` compiles all kernels.

It uses no web framework, database or queue. `errors` defines every failure; `progress` reports progress to the caller.
"""

__version__ = "0.1.0"
"""The version of the product. The container images do not install the package, so it has no metadata to read there."""
