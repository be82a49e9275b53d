"""Commands for an installation of the service. Each imports the services when it runs, not when it is registered."""
