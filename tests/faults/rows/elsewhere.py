"""Rows that another command counts, or that come with a capability that does not exist yet."""

from tests.faults.registry import elsewhere, later

later("key-rotated", "the key-encryption key is rotated under load", "G1", "G3", why="comes with key rotation")

elsewhere("load", "50 requests a second while jobs run; the loop's lag", "G7", command="make load")
elsewhere("load-sockets", "1,000 sockets: memory of each, and a dead one", "G9", command="make load")
elsewhere("load-uploads", "200 parallel uploads of 5 MB: memory", "G10", command="make load")
elsewhere("load-slow", "200 slow callers", "G11", command="make load")
elsewhere("load-soak", "1,000 jobs: memory and file descriptors of a worker", "G14", command="make load")
elsewhere("restore", "restore drill: a backup into an empty installation", "G16", command="make test")
elsewhere("migrations", "migrations up, down, up with data", "G17", command="make test")
