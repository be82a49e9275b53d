"""The outbox and the sweeper: what the relay runs."""
