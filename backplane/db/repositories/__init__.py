"""Repositories: all the SQL. A function takes the session first, then the owner of the object, then everything else."""
