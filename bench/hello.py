"""The least that a web service can be: what gunicorn and Flask do alone."""

from flask import Flask


def create_app() -> Flask:
    """An application with one route, and what the supervisor asks for."""
    app = Flask("hello", static_folder=None)

    @app.get("/hello")
    @app.get("/readyz")
    def hello() -> dict[str, str]:
        return {"hello": "district"}

    return app
