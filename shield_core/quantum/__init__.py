"""Random bits of file keys: sources, health tests, conditioning, and evidence of their origin.

- `sources` defines the interface of a source of raw bits; `aer` is the simulated quantum source, `noisy` one with the
  faults of a device, `ibm` a device and `qrng` a generator on the network; all except the last run the same `circuit`.
- `measurement` is the only way to get bits from a source: `deadlines` waits for it, `health` tests its bits, and
  `extract` makes uniform bits of biased ones.
- `oracle` predicts the measurements of the simulator.
- `pool` keeps tested raw bits in memory for `fast`; each is used once.
- `conditioner` combines raw bits with the operating system's into a seed.
- `keygen` draws a file key, and the segment seeds and lanes of the higher purities, with a `statement` of the origin of
  every bit; `tally` counts.
- `receipt` binds a statement to an encrypted image and signs both; `soundness` and `verdict` check a receipt.

Confidentiality rests on the operating system's generator. The contribution of a source is recorded, and a simulator is
credited zero bits: docs/explanation/entropy.md.
"""
