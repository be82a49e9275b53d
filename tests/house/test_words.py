"""Words that the documents and the code do not use: metaphors and archaisms for which there is a standard term."""

import re

import pytest

CHECKED: tuple[str, ...] = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "api/",
    "backplane/",
    "benchmarks/",
    "docs/",
    "imageshield/",
    "migrations/",
    "relay/",
    "scripts/",
    "shield_core/",
    "tests/",
    "worker/",
)
"""Files, and folders with a slash. Python code is checked with all its names, strings and comments."""
EXEMPT = (
    "api/live/streams.py",  # a close reason of sockets is part of the wire format
    "docs/decisions/",  # decisions are never edited
    "migrations/versions/0006_webhooks.py",  # released migrations are never edited
    "tests/house/test_words.py",  # it names the words
    "tests/vectors/key_files.py",  # its comments are part of frozen vectors
    "tests/vectors/malformed.py",  # so are these
)
SUFFIXES = {".md", ".py"}

REFUSED = {
    "doorbell": r"doorbells?",
    "rung for notified": r"(?:is|are|was|were|been|be|not|and) rung\b(?! of)|rung again",
    "ring for notify": r"(?:rings?|ringing) (?:the bell|again|twice)|\blost ring\b",
    "for ever": r"for ever",
    "anew": r"anew",
    "in clear": r"in clear",
    "to be had": r"to be had",
    "plant for resources": r"plants?",
    "leash": r"leash(?:es)?",
    "keeper": r"keepers?",
    "crew": r"crews?",
    "whoever": r"whoever|whomever|whosoever",
    "thereof": r"thereof|therein|whereof|wherein|hitherto",
    "whose turn": r"whose turn",
    "taken in": r"(?:is|are|was|were|been|be) taken in\b",
    "mend": r"mend(?:s|ed|ing)?",
    "story": r"stor(?:y|ies)",
    "it is told": r"(?:it|they|which|who) (?:is|are) told",
    "engine room": r"engine rooms?",
    "front door": r"front doors?",
    "forecast": r"forecasts?",
    "errand": r"errands?",
}
"""What is refused, as regular expressions between the borders of words; underscores are borders too."""


def between_borders(words):
    return re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])".replace(" ", r"[\s_]+"), re.IGNORECASE)


PATTERN = {name: between_borders(words) for name, words in REFUSED.items()}
ANY = between_borders("|".join(REFUSED.values()))
LINK = re.compile(r"\]\([^)]*\)")
"""Targets of links name files and headings, for example of decisions."""


def hits(text):
    """List (line, name, words) of every refused word; a Markdown link counts with its text only."""
    plain = LINK.sub("]", text)
    if not ANY.search(plain):  # one pass for nearly every file
        return []
    found = []
    for name, pattern in PATTERN.items():
        found += [(plain.count("\n", 0, hit.start()) + 1, name, hit[0]) for hit in pattern.finditer(plain)]
    return sorted(found)


class TestWords:
    def test_checked_files_use_none(self, root, tracked):
        found = []
        for path in tracked:
            name = path.relative_to(root).as_posix()
            if path.suffix in SUFFIXES and name.startswith(CHECKED) and not name.startswith(EXEMPT):
                found += [f"{name}:{line}: {word}" for line, _, word in hits(path.read_text(encoding="utf-8"))]
        assert found == []

    def test_every_checked_root_exists(self, root):
        assert [name for name in CHECKED if not (root / name).exists()] == []

    @pytest.mark.parametrize(
        "text",
        [
            "The doorbell names no job.",
            "The relay was rung again.",
            "kept for ever",
            "seeded anew",
            "left in clear",
            "class Plant:",
            "def leash_child(): ...",
            "CREW_SIZE = 3",
            "Whoever asks",
            "the first story_of a job",
        ],
    )
    def test_refused_word_is_found(self, text):
        assert hits(text)

    @pytest.mark.parametrize(
        "text",
        [
            "a ring buffer",
            "the expected rung",
            "recommended",
            "the history of a table",
            "planted",
            "two people agreed",
            "[the reason](docs/decisions/0010-a-leash-and-a-ledger.md)",
        ],
    )
    def test_honest_word_is_kept(self, text):
        assert hits(text) == []
