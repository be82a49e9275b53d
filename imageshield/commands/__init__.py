"""The commands, a module each, and what several of them share about files and keys."""
