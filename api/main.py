"""The application that `python -m api` serves; api.serving.server configures the server."""

from api.app import create_app

app = create_app()
