"""The relay: the outbox, the sweeps and the webhooks, in one process. Any number of them may run."""
