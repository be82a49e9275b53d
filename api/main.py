"""What `python -m api` serves; api.serving.server says how."""

from api.app import create_app

app = create_app()
