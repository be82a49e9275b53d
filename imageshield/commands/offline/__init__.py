"""Commands that work on files: encryption, decryption, keys, receipts, analysis and entropy."""
