"""A Flask application with one handler that does nothing, served as the product is served.

python -m tests.benchmarks.trivial_server
"""

from __future__ import annotations

import json

from click import echo
from flask import Flask
from waitress.server import create_server

from kbservice.settings import Settings

app = Flask(__name__)


@app.get("/")
def hello() -> dict[str, bool]:
    """Answer without thinking."""
    return {"ok": True}


def main() -> None:
    """Serve on any free port; print the address as JSON."""
    server = create_server(app, host="127.0.0.1", port=0, threads=Settings.load().threads)
    echo(json.dumps({"address": f"http://127.0.0.1:{server.effective_port}"}))
    server.run()


if __name__ == "__main__":
    main()
