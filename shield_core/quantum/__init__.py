"""Where the random bits of a file key come from, and what may be said about them.

- `sources` says what a source of raw bits is; `aer` is the simulated quantum source.
- `health` tests raw bits; `measurement` asks a source, tests what it gives, and is the only way in.
- `pool` keeps tested raw bits waiting for `fast`: in memory, each used once.
- `conditioner` joins raw bits with the operating system's into a seed.
- `keygen` draws a file key from all of that, with a `statement` of where every bit came from.
- `receipt` binds statement and encrypted image, and signs; `soundness` and `verdict` judge one that is brought back.

Confidentiality rests on the operating system's generator. What a source adds is recorded, and a simulator is credited
zero
bits: docs/entropy.md.
"""
