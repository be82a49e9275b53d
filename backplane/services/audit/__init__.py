"""The audit trail: who did what to which object, written in the transaction that does it. docs/explanation/audit.md.

trail         entries of acts
acts          entries of operators' acts, in two chains
persons       person data before and after sealing, and its keys
payloads      what is hashed
sealer        a place in its chain for every entry
signals       which entries the rules of `security` look at
checkpoints   signed roots over all chains
restores      the continuation of the chains after an older database was restored
views         search
exports       a chain as a file
verification  the check of a chain in the database, or of a file
"""
