"""Order of the test files: the longest run first, so that both processes end at about the same time."""

FIRST = ("flows/", "console/")
"""Their files come first, one folder after the other: each process of the run starts the system of a folder for itself,
and ends it with the last of its files."""

SECONDS = {
    "flows/test_engine.py": 220,
    "flows/test_backups.py": 170,
    "flows/test_readme.py": 140,
    "flows/test_lifecycle.py": 85,
    "flows/test_pictures.py": 80,
    "flows/test_faults.py": 70,
    "flows/test_metrics.py": 65,
    "flows/test_one_answer.py": 40,
    "console/test_every_page.py": 90,
    "console/test_opener.py": 60,
    "cli/test_streams.py": 195,
    "cli/test_servers.py": 185,
    "faults/test_short.py": 170,
    "cli/test_up.py": 160,
    "cli/test_files.py": 140,
    "core/cipher/test_permutation.py": 90,
    "api/test_key_files.py": 55,
    "backplane/test_steering.py": 55,
    "api/test_strict.py": 50,
    "house/test_migrated_data.py": 50,
    "cli/test_terminal.py": 45,
    "cli/test_vectors.py": 40,
    "core/cipher/test_measured.py": 40,
}
"""Measured with coverage on two cores; a file that is missing here takes less."""


def by_duration(items, root):
    """Sort collected tests by the duration of their file; the order within a file stays."""

    def rank(item):
        path = item.path.relative_to(root).as_posix()
        folder = next((at for at, name in enumerate(FIRST) if path.startswith(name)), len(FIRST))
        return folder, -SECONDS.get(path, 0)

    items.sort(key=rank)
