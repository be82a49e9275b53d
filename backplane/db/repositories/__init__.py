"""All the SQL. A function takes the session first, and whose object it is before anything else about it."""
