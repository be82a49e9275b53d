"""Log-in by identity providers (OpenID Connect, and OAuth 2.0 of GitHub), and the identities linked to users."""
