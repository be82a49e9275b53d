"""Commands that talk to a service with an API key: login, logout, whoami."""
