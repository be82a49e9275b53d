"""Reading requests: forms, idempotency keys, cursors, preferences and ranges."""
