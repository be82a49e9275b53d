"""Sockets, one module for each subject."""
