"""Webhooks: endpoints, events and deliveries. docs/guides/webhooks.md describes the receiver's side."""
