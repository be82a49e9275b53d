"""Answers: jobs, files, documents, and problems."""
