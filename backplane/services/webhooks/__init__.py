"""Webhooks: endpoints, what is told to them, and how it is sent. docs/guides/webhooks.md is the receiver's side."""
