"""What every request carries: caller, submission, idempotency key and notes; and batched reads."""
