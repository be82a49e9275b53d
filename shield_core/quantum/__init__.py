"""Where the random bits of a file key come from, and what may be said about them.

- `sources` says what a source of raw bits is; `aer` is the simulated quantum source, `noisy` one with the faults of a
  device, `ibm` a device and `qrng` a generator on the network; all but the last run the same `circuit`.
- `measurement` asks a source, and is the only way in: `patience` waits for it, `health` tests what it gives, and
  `extract` makes uneven bits even.
- `oracle` predicts what the simulator measures.
- `pool` keeps tested raw bits waiting for `fast`: in memory, each used once.
- `conditioner` joins raw bits with the operating system's into a seed.
- `keygen` draws a file key from all of that, and the segment seeds and lanes of the higher purities, with a `statement`
  of where every bit came from; `tally` counts.
- `receipt` binds statement and encrypted image, and signs; `soundness` and `verdict` judge one that is brought back.

Confidentiality rests on the operating system's generator. What a source adds is recorded, and a simulator is credited
zero bits: docs/explanation/entropy.md.
"""
