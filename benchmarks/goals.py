"""The rows of the table, each with its goal."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One measured ratio beside its goal; `how` names what was divided by what."""

    id: str
    measured: float
    goal: float
    stretch: float | None
    better: str
    how: str

    @property
    def ok(self):
        return self.reaches(self.goal)

    def reaches(self, goal):
        return self.measured >= goal if self.better == "higher" else self.measured <= goal

    def to_json(self):
        return {**asdict(self), "ok": self.ok}


def higher(name, measured, goal, stretch, how):
    return Row(name, round(measured, 3), goal, stretch, "higher", how)


def lower(name, measured, goal, stretch, how):
    return Row(name, round(measured, 3), goal, stretch, "lower", how)


def core_rows(times, size):
    """The whole core against two that only encrypt."""
    one, two, gcm, age = (times[name] for name in ("core", "core, 2 threads", "AES-GCM", "age"))
    aes, rage = "AESGCM.encrypt on the same raw bytes / our core", "pyrage.encrypt on the same raw bytes / our core"
    return [
        higher(f"core_vs_aesgcm_{size}", gcm / one, 0.20, 0.30, f"{aes}, one thread"),
        higher(f"core_vs_aesgcm_{size}_2_threads", gcm / two, 0.30, 0.45, f"{aes}, two threads"),
        higher(f"core_vs_pyrage_{size}", age / one, 0.50, 0.70, f"{rage}, one thread"),
        higher(f"core_vs_pyrage_{size}_2_threads", age / two, 0.80, 1.00, f"{rage}, two threads"),
    ]


def stage_rows(times, size):
    """Single stages against what does the same."""
    permute = times["permute"]
    shuffle = "numpy Generator.permutation + take / our permutation"
    return [
        higher(f"permutation_vs_generator_{size}", times["Generator.permutation"] / permute, 7, 9, shuffle),
        higher(
            f"permutation_vs_argsort_{size}", times["argsort"] / permute, 20, 25, "numpy stable argsort + take / ours"
        ),
        higher(
            f"chacha20_vs_memcpy_{size}", times["memcpy"] / times["ChaCha20"], 0.30, None, "memcpy / ChaCha20 in place"
        ),
        higher(
            f"png_vs_pillow_level_0_{size}", times["Pillow level 0"] / times["PNG write"], 15, None, "Pillow / ours"
        ),
        higher(
            f"permutation_2_threads_{size}", permute / times["permute, 2 threads"], 1.6, 1.8, "one thread / two threads"
        ),
    ]


def job_rows(times, size):
    """Whole jobs, decoder and all."""
    one, two = times["encrypt_image"], times["encrypt_image, 2 threads"]
    return [
        higher(f"encrypt_2_threads_{size}", one / two, 1.3, 1.6, "encrypt_image of a JPEG as pixels, one thread / two")
    ]


def memory_rows(peaks, size):
    """Peak resident set of a whole job in a child process, over the raw pixels."""
    how = "growth of the resident set at its peak, file included, in a child process / raw pixels"
    return [
        lower(
            f"peak_encrypt_jpeg_{size}", peaks["encrypt", "JPEG"], 2.4, None, f"{how}; a JPEG of about 5 MB as pixels"
        ),
        lower(f"peak_encrypt_png_{size}", peaks["encrypt", "PNG"], 2.4, None, f"{how}; a PNG photograph"),
        lower(f"peak_decrypt_{size}", peaks["decrypt", "PNG"], 3.4, 2.6, f"{how}; the encrypted PNG photograph"),
    ]
