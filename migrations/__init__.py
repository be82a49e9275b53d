"""The schema's history; applied with `python -m alembic -c migrations/alembic.ini upgrade head`."""
