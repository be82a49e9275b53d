"""Rules on the audit trail, and what they find. docs/guides/security-events.md.

rules      the rules as data: severity, words, advice
windows    counts within the last hour
detectors  subjects and thresholds: bursts, downloads, networks, privileges
watch      the step of the relay: observations in, security events out
notices    what follows an event: webhooks and mails
views      lists and acknowledgments
misses     ids that callers asked for and that do not exist, counted in the gateway
"""
