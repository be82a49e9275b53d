"""What a request carries whatever it asks for: its submission and its idempotency key; and reads that are batched."""
