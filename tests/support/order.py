"""Order of the test files: the longest run first, so that both processes end at about the same time."""

SECONDS = {
    "flows/test_engine.py": 220,
    "faults/test_short.py": 150,
    "cli/test_up.py": 150,
    "flows/test_backups.py": 150,
    "cli/test_servers.py": 110,
    "cli/test_streams.py": 100,
    "cli/test_files.py": 75,
    "flows/test_pictures.py": 70,
    "flows/test_readme.py": 65,
    "flows/test_one_answer.py": 65,
    "flows/test_lifecycle.py": 60,
    "flows/test_faults.py": 60,
    "flows/test_metrics.py": 55,
    "core/cipher/test_permutation.py": 55,
    "house/test_migrated_data.py": 50,
}
"""Measured with coverage on two cores; a file that is missing here takes less."""


def by_duration(items, root):
    """Sort collected tests by the duration of their file; the order within a file stays."""
    items.sort(key=lambda item: -SECONDS.get(item.path.relative_to(root).as_posix(), 0))
