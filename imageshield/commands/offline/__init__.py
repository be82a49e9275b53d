"""Commands that work on files: encryption, decryption, keys, receipts, audit trails, analysis and entropy."""
