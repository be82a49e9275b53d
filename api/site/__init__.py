"""The web console and the other files of its build, served from memory.

`files` reads a file with its compressed forms, and answers a request for it. `console` knows the build: its files, its
pages and what to say without it. `route` is the one route that serves all of it.
"""
