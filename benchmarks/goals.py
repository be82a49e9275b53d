"""Rows of the results table with their goals; a row without a goal is only reported."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One measured ratio and its goal; `how` names what was divided by what.

    `measured` is None if a comparator is not installed.
    """

    id: str
    measured: float | None
    goal: float | None
    stretch: float | None
    better: str
    how: str

    @property
    def ok(self):
        return None if None in {self.goal, self.measured} else self.reaches(self.goal)

    def reaches(self, goal):
        return self.measured >= goal if self.better == "higher" else self.measured <= goal

    def verdict(self):
        if self.measured is None:
            return "SKIPPED"
        if self.goal is None:
            return "reported"
        if not self.ok:
            return "MISSED"
        return "ok, stretch reached" if self.stretch is not None and self.reaches(self.stretch) else "ok"

    def to_json(self):
        return {**asdict(self), "ok": self.ok}


def higher(name, measured, goal, stretch, how):
    return Row(name, short(measured), goal, stretch, "higher", how)


def lower(name, measured, goal, stretch, how):
    return Row(name, short(measured), goal, stretch, "lower", how)


def short(number):
    return None if number is None else float(f"{number:.4g}")


def core_rows(times, size):
    """Compare the whole core with programs that only encrypt."""
    one, two, gcm, age = (times[name] for name in ("core", "core, 2 threads", "AES-GCM", "age"))
    openssl = times["openssl"]
    aes, rage = "AESGCM.encrypt on the same raw bytes / our core", "pyrage.encrypt on the same raw bytes / our core"
    command = "openssl enc -aes-256-ctr, the same bytes from a file to /dev/null / our core"
    return [
        higher(f"core_vs_aesgcm_{size}", gcm / one, 0.20, 0.30, f"{aes}, one thread"),
        higher(f"core_vs_aesgcm_{size}_2_threads", gcm / two, 0.30, 0.45, f"{aes}, two threads"),
        higher(f"core_vs_pyrage_{size}", age / one, 0.50, 0.70, f"{rage}, one thread"),
        higher(f"core_vs_pyrage_{size}_2_threads", age / two, 0.80, 1.00, f"{rage}, two threads"),
        higher(f"core_vs_fernet_{size}", times["Fernet"] / one, None, None, "Fernet.encrypt / our core, one thread"),
        higher(f"core_vs_openssl_{size}", openssl / one, None, None, f"{command}, one thread")
        if openssl
        else higher(f"core_vs_openssl_{size}", None, None, None, "openssl is not installed"),
    ]


def stage_rows(times, size):
    """Compare single stages with other implementations of the same step."""
    permute = times["permute"]
    shuffle = "numpy Generator.permutation + take / our permutation"
    argsort = "numpy stable argsort of 64 random bits a pixel + take / our permutation"
    level_0 = 'Pillow Image.save(…, "PNG", compress_level=0) / our writer'
    in_place = "numpy.copyto / ChaCha20 in place"
    return [
        higher(f"permutation_vs_generator_{size}", times["Generator.permutation"] / permute, 7, 9, shuffle),
        higher(f"permutation_vs_argsort_{size}", times["argsort"] / permute, 20, 25, argsort),
        higher(f"chacha20_vs_memcpy_{size}", times["memcpy"] / times["ChaCha20"], 0.30, None, in_place),
        higher(f"png_vs_pillow_level_0_{size}", times["Pillow level 0"] / times["PNG write"], 15, None, level_0),
    ]


def thread_rows(times, size):
    """Compare the permutation on two threads with the one on one thread."""
    gain = times["permute"] / times["permute, 2 threads"]
    return [higher(f"permutation_2_threads_{size}", gain, 1.6, 1.8, "one thread / two threads")]


def job_rows(times, size):
    """Compare whole encryptions, decoder included, on one and on two threads."""
    how = "encrypt_image of a {} as pixels, one thread / two"
    return [
        higher(f"encrypt_2_threads_{size}", times["JPEG"] / times["JPEG, 2 threads"], 1.3, 1.6, how.format("JPEG")),
        higher(f"encrypt_2_threads_png_{size}", times["PNG"] / times["PNG, 2 threads"], None, None, how.format("PNG")),
    ]


def metric_rows(times, size):
    """Compare the analysis of original and encrypted picture with the core that encrypted it."""
    how = "analyze(original, encrypted), all pixels of both / our core"
    return [
        lower(f"metrics_over_core_{size}", times["metrics"] / times["core"], 1.0, 0.6, f"{how}, one thread"),
        lower(
            f"metrics_over_core_{size}_2_threads",
            times["metrics, 2 threads"] / times["core, 2 threads"],
            1.0,
            0.6,
            f"{how}, two threads",
        ),
    ]


def purity_rows(times, size):
    """Compare each purity with `balanced`. The bits come from the operating system, so a source's cost is excluded."""
    how = "encrypt_image of a PNG as pixels, bits from os.urandom, two threads: {} / balanced"
    rows = [
        lower(f"time_{name}_over_balanced_{size}", times[name] / times["balanced"], None, None, how.format(name))
        for name in ("fast", "multistage", "maximum")
    ]
    quarter = how.format("one region of a quarter of the picture")
    return [*rows, lower(f"time_region_over_whole_{size}", times["region"] / times["balanced"], None, None, quarter)]


def memory_rows(peaks, size):
    """Divide the peak resident set of a whole job in a child process by the size of the raw pixels."""
    how = "growth of the resident set at its peak, file included, in a child process / raw pixels"
    goals = {
        ("encrypt", "JPEG", "balanced"): (2.4, None, "a JPEG of about 5 MB as pixels"),
        ("encrypt", "PNG", "balanced"): (2.4, None, "a PNG photograph"),
        ("decrypt", "PNG", "balanced"): (3.4, 2.6, "the encrypted PNG photograph"),
        ("encrypt", "PNG", "multistage"): (None, None, "a PNG photograph, `multistage`"),
        ("encrypt", "PNG", "maximum"): (None, None, "a PNG photograph, `maximum`, material included"),
        ("decrypt", "PNG", "maximum"): (None, None, "its encrypted image, material included"),
    }
    rows = []
    for case, measured in peaks.items():
        job, kind, purity = case
        name = "_".join(["peak", job, kind.lower(), *([purity] if purity != "balanced" else []), size])
        goal, stretch, what = goals[case]
        rows.append(lower(name, measured, goal, stretch, f"{how}; {what}"))
    return rows


def entropy_rows(rows):
    """Convert the rows of `imageshield entropy bench`."""
    return [Row(row.id, row.measured, row.goal, None, row.better, f"{row.how}, processor time") for row in rows]
