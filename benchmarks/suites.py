"""What is measured together: cases that take turns in one run, and the rows that come of them.

Each suite names the rows that it gives, so that `--only` runs no other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import comparators, goals, ours
from benchmarks.memory import peak_over_raw
from benchmarks.pictures import noise, photograph
from benchmarks.timing import interleave
from imageshield.commands.offline import entropy_bench
from shield_core.cipher import permutation
from shield_core.cipher.purity import Purity
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from shield_core.keys.stanzas import PlainWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum.sources import OsSource

SIZES = {
    "512² gray": (512, 512, 1),
    "512² RGB": (512, 512, 3),
    "2 MP RGB": (2000, 1000, 3),
    "12 MP RGB": (4000, 3000, 3),
    "25 MP RGB": (5000, 5000, 3),
}
SHORT = {"2 MP RGB": "2mp", "12 MP RGB": "12mp", "25 MP RGB": "25mp"}

Times = dict[str, float]
Rows = list[goals.Row]


@dataclass(frozen=True)
class Suite:
    """Measures one size: takes its name and how many rounds, gives times in milliseconds and rows."""

    name: str
    run: Callable[[str, int], tuple[Times, Rows]]
    rows: tuple[str, ...]
    sizes: tuple[str, ...]

    def ids(self, size):
        return [row.format(SHORT.get(size, "")) for row in self.rows]


def core(size, rounds):
    width, height, channels = SIZES[size]
    samples = noise(width, height, channels)
    data = samples.tobytes()
    with comparators.openssl(data) as openssl:
        cases = {
            **ours.stages(samples, width, height),
            "AES-GCM": comparators.aes_gcm(data),
            "age": comparators.age(data),
            "Fernet": comparators.fernet(data),
            "memcpy": comparators.memcpy(samples),
        }
        times = interleave(cases | ({"openssl": openssl} if openssl else {}), rounds=rounds)
    rows = goals.core_rows({"openssl": None} | times, SHORT[size]) if size in SHORT else []
    return times, rows


def threads(size, rounds):
    samples = noise(*SIZES[size])
    cases = {
        "permute": lambda: permutation.permute(samples, ours.KEY, out=samples),
        "permute, 2 threads": lambda: permutation.permute(samples, ours.KEY, out=samples, threads=2),
    }
    times = interleave(cases, rounds=2 * rounds)
    return times, goals.thread_rows(times, SHORT[size])


def stages(size, rounds):
    """What takes seconds, and ours in turn with it."""
    width, height, channels = SIZES[size]
    samples = noise(width, height, channels)
    stages = ours.stages(samples, width, height)
    cases = {
        **{name: stages[name] for name in ("permute", "PNG write", "ChaCha20")},
        "memcpy": comparators.memcpy(samples),
        "Generator.permutation": comparators.generator_permutation(samples),
        "argsort": comparators.stable_argsort(samples),
        "Pillow level 0": comparators.pillow_level_0(samples, width, height),
    }
    times = interleave(cases, rounds=fewer(rounds))
    return times, goals.stage_rows(times, SHORT[size])


def metrics(size, rounds):
    width, height, channels = SIZES[size]
    samples = noise(width, height, channels)
    stages, analyze = ours.stages(samples, width, height), ours.metrics(samples, width, height)
    cases = {
        "metrics": lambda: analyze(1),
        "metrics, 2 threads": lambda: analyze(2),
        **{name: stages[name] for name in ("core", "core, 2 threads")},
    }
    times = interleave(cases, rounds=fewer(rounds))
    return times, goals.metric_rows(times, SHORT[size])


def jobs(size, rounds):
    """Whole encryptions of a photograph."""
    cases = {}
    for kind in ("JPEG", "PNG"):
        data = photograph(*SIZES[size][:2], kind)
        cases[kind] = lambda data=data: encrypt(data, threads=1)
        cases[f"{kind}, 2 threads"] = lambda data=data: encrypt(data, threads=2)
    times = interleave(cases, rounds=fewer(rounds))
    return {f"encrypt_image {name}": took for name, took in times.items()}, goals.job_rows(times, SHORT[size])


def purities(size, rounds):
    width, height, _ = SIZES[size]
    data = photograph(width, height, "PNG")
    quarter = [Region(width // 4, height // 4, width // 2, height // 2)]
    cases = {purity.value: lambda purity=purity: encrypt(data, purity=purity) for purity in Purity}
    times = interleave(cases | {"region": lambda: encrypt(data, regions=quarter)}, rounds=fewer(rounds))
    return {f"encrypt_image {name}": took for name, took in times.items()}, goals.purity_rows(times, SHORT[size])


def memory(size, _rounds):
    cases = [("encrypt", "JPEG", "balanced"), ("encrypt", "PNG", "balanced"), ("decrypt", "PNG", "balanced")]
    cases += [("encrypt", "PNG", "multistage"), ("encrypt", "PNG", "maximum"), ("decrypt", "PNG", "maximum")]
    peaks = {case: peak_over_raw(*case, SIZES[size][:2]) for case in cases}
    return {}, goals.memory_rows(peaks, SHORT[size])


def entropy(_size, rounds):
    """What `imageshield entropy bench` measures, in processor time."""
    return {}, goals.entropy_rows(entropy_bench.run(rounds=fewer(rounds)).rows)


def encrypt(data, **options):
    options = {"threads": 2} | options
    return encrypt_image(data, source=OsSource(), wraps=[PlainWrap()], layout=Layout.PIXELS, **options)


def fewer(rounds):
    return max(1, rounds // 3)


LARGE = ("12 MP RGB", "25 MP RGB")
SUITES = (
    Suite(
        "core",
        core,
        (
            "core_vs_aesgcm_{}",
            "core_vs_aesgcm_{}_2_threads",
            "core_vs_pyrage_{}",
            "core_vs_pyrage_{}_2_threads",
            "core_vs_fernet_{}",
            "core_vs_openssl_{}",
        ),
        ("512² gray", "512² RGB", *LARGE),
    ),
    Suite("threads", threads, ("permutation_2_threads_{}",), LARGE),
    Suite(
        "stages",
        stages,
        (
            "permutation_vs_generator_{}",
            "permutation_vs_argsort_{}",
            "chacha20_vs_memcpy_{}",
            "png_vs_pillow_level_0_{}",
        ),
        LARGE[:1],
    ),
    Suite("metrics", metrics, ("metrics_over_core_{}", "metrics_over_core_{}_2_threads"), LARGE),
    Suite("jobs", jobs, ("encrypt_2_threads_{}", "encrypt_2_threads_png_{}"), LARGE),
    Suite(
        "purities",
        purities,
        (
            "time_fast_over_balanced_{}",
            "time_multistage_over_balanced_{}",
            "time_maximum_over_balanced_{}",
            "time_region_over_whole_{}",
        ),
        LARGE[:1],
    ),
    Suite(
        "memory",
        memory,
        (
            "peak_encrypt_jpeg_{}",
            "peak_encrypt_png_{}",
            "peak_decrypt_png_{}",
            "peak_encrypt_png_multistage_{}",
            "peak_encrypt_png_maximum_{}",
            "peak_decrypt_png_maximum_{}",
        ),
        LARGE[1:],
    ),
    Suite(
        "entropy",
        entropy,
        (
            "entropy_vs_20x100",
            "entropy_vs_first",
            "entropy_vs_urandom",
            "seed_1_kbit_ms",
            "health_share_bulk",
            "health_share_seed",
        ),
        ("bits",),
    ),
)
QUICK = {"core": "2 MP RGB", "threads": "2 MP RGB", "stages": "2 MP RGB", "metrics": "2 MP RGB", "jobs": "2 MP RGB"}
"""What `--quick` runs, and on what."""

RESULTS = Path(__file__).parent / "results.json"
