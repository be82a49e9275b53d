"""Batches: many pictures in one request, each a job of its own, and the zips in which they come and go."""
