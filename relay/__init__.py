"""The relay: the outbox, the sweeps and the webhooks, in one process. Any number of relays may run."""
