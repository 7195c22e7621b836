"""The bare limit: a WSGI callable that answers with bytes it holds, on the very server that `positions serve` starts.

The folder BARE_FOLDER holds `answers.json` and `file`. ``/NAME`` gives the answer of that name as it was captured (its headers and
body; the same without a body and with status 304 where the request has If-None-Match), ``/NAME/alone`` its body with no more headers
than it takes, ``/file`` the file, read and sent in pieces.

``python -m bench.bare PORT WORKERS`` serves it.
"""

import base64
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from api import server
from bench.processes import HOST, Reply

PIECE = 256 * 1024


def keep(folder: Path, replies: dict[str, tuple[Reply, Reply]], file: Path) -> None:
    """Prepare the folder: answers by name, each whole and as 304, and the file."""
    answers = {
        name: {
            "body": base64.b64encode(whole.body).decode(),
            "headers": [pair for pair in whole.headers if pair[0].lower() not in ("connection", "date", "server")],
            "unchanged": [
                pair for pair in unchanged.headers if pair[0].lower() not in ("connection", "date", "server")
            ],
        }
        for name, (whole, unchanged) in replies.items()
    }
    (folder / "answers.json").write_text(json.dumps(answers))
    (folder / "file").unlink(missing_ok=True)
    (folder / "file").symlink_to(file)


def application() -> Callable[..., Iterable[bytes]]:
    """The WSGI callable."""
    folder = Path(os.environ["BARE_FOLDER"])
    answers: dict[str, tuple[str, list[tuple[str, str]], bytes]] = {"/ready": ("200 OK", [], b"")}
    unchanged: dict[str, list[tuple[str, str]]] = {}
    for name, held in json.loads((folder / "answers.json").read_text()).items():
        body = base64.b64decode(held["body"])
        alone = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        answers[f"/{name}"] = ("200 OK", [(key, value) for key, value in held["headers"]], body)
        answers[f"/{name}/alone"] = ("200 OK", alone, body)
        unchanged[f"/{name}"] = [(key, value) for key, value in held["unchanged"]]

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/file":
            start_response("200 OK", [("Content-Length", str((folder / "file").stat().st_size))])
            return _pieces(folder / "file")
        if "HTTP_IF_NONE_MATCH" in environ:
            start_response("304 Not Modified", unchanged[path])
            return [b""]
        status, headers, body = answers[path]
        start_response(status, headers)
        return [body]

    return answer


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def main() -> None:
    """Serve as the service is served, but for what is served."""
    with patch.object(server, "create_app", application):
        server.serve(HOST, int(sys.argv[1]), int(sys.argv[2]), reload=False)


if __name__ == "__main__":
    main()
