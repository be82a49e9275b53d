"""Encrypting, decrypting and measuring pictures, and fetching what came of it."""
