"""A picture of a page that goes on loading over a web socket, by Chromium's debugging protocol.

Run with the environment of the dashboards: ``python look.py CHROMIUM ADDRESS SELECTOR PICTURE PROFILE``; the picture is
taken two seconds after the selector finds something.
"""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 60
#: The size of the window.
SIZE = "860,1180"


class Browser:
    """One session of the protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0

    def ask(self, method: str, session: str | None = None, **params: Any) -> Any:
        """The result of a method; what the browser says in between is passed over."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        self._connection.send(json.dumps({**message, "sessionId": session} if session else message))
        while True:
            answer = json.loads(self._connection.recv(timeout=PATIENCE))
            if answer.get("id") == self._number:
                return answer["result"]


def look(browser: Browser, address: str, selector: str) -> bytes:
    """The page as PNG."""
    target = browser.ask("Target.createTarget", url=address)["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    expression = f"document.querySelectorAll({json.dumps(selector)}).length"
    for _ in range(PATIENCE * 5):
        if browser.ask("Runtime.evaluate", session, expression=expression)["result"].get("value"):
            break
        time.sleep(0.2)
    else:
        sys.exit(f"{selector} did not appear at {address}")
    time.sleep(2)
    return base64.b64decode(browser.ask("Page.captureScreenshot", session, format="png")["data"])


def main() -> None:
    """Start Chromium, look, end it."""
    chromium, address, selector, picture, profile = sys.argv[1:]
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--window-size={SIZE}", "--remote-debugging-port=0"]
    command = [chromium, *options, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            said = Path(profile) / "DevToolsActivePort"
            for _ in range(PATIENCE * 5):
                if said.exists() and len(said.read_text().split()) == 2:
                    break
                time.sleep(0.2)
            port, path = said.read_text().split()
            with connect(f"ws://127.0.0.1:{port}{path}", max_size=2**27) as connection:
                Path(picture).write_bytes(look(Browser(connection), address, selector))
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
