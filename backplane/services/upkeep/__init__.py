"""The outbox and the sweeper, which the relay runs."""
