"""Input, output, options, passwords and errors of the command line."""
