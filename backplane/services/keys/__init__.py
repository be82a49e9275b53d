"""File keys, and the export of key files."""
