"""PostgreSQL, the source of truth: `models` are the tables, `repositories` all the SQL, `session` the only commit."""
