"""Signatures of answers (RFC 9421): what a request asks for, and what signs."""
