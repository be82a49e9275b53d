"""The relay: the outbox, the sweeps, the webhooks and the mails, in one process. Any number of relays may run."""
