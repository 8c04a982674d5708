"""Plain HTTP to a running site from any thread: whatever comes back is an answer, failures too."""

import http.client
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Status, headers with small names, and body."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(port: int, method: str, path: str, body: Any = None, etag: str = "", timeout_s: float = 60) -> Answer:
    """One request on a connection of its own; `body` goes as JSON. A server that dies meanwhile is an OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    headers = {"Content-Type": "application/json"} | ({"If-Match": etag} if etag else {})
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)
    except http.client.HTTPException as error:  # the answer broke off
        raise ConnectionError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()
