"""Examples of security in the OpenAPI document, true to what the server really answers."""

from fastapi.openapi.models import Example

from popcam.server.examples import Json

EVENT: Json = {
    "event_id": 41,
    "kind": "blocked",
    "severity": "warning",
    "title": "An address was blocked",
    "first_unix_s": 1_795_334_400.0,
    "last_unix_s": 1_795_334_400.0,
    "count": 1,
    "address": "192.0.2.7",
    "account": "",
    "path": "",
    "detail": "60 s, probing",
}
EVENTS: Json = {"items": [EVENT], "next_cursor": None}
BLOCK: Json = {
    "address": "192.0.2.7",
    "since_unix_s": 1_795_334_400.0,
    "until_unix_s": 1_795_334_460.0,
    "earlier_blocks": 0,
    "reason": "probing",
}
LOCKDOWN: Json = {
    "on": True,
    "since_unix_s": 1_795_334_460.0,
    "by": "anna",
    "reason": "a token was posted in a chat",
    "sessions_ended": 3,
    "tokens_paused": 2,
    "outputs_stopped": ["restream"],
}
UNLOCKED: Json = {
    "on": False,
    "since_unix_s": None,
    "by": "",
    "reason": "",
    "sessions_ended": 0,
    "tokens_paused": 0,
    "outputs_stopped": [],
}
FINDING: Json = {
    "code": "server.plain_http",
    "severity": "danger",
    "on": "server.tls",
    "what": "other machines are served without TLS: passwords and pictures cross the network readable",
    "fix": "Set `server.tls: auto`, or listen on 127.0.0.1 behind a reverse proxy that speaks TLS.",
}
PORT: Json = {
    "name": "Console and API",
    "transport": "tcp",
    "address": "192.0.2.2",
    "port": 8080,
    "reach": "network",
    "protected_by": "login; no TLS",
    "exposes": "live pictures, recordings, settings and every operation that the caller's role allows",
}
SECURITY: Json = {
    "worst": "danger",
    "findings": [FINDING],
    "ports": [PORT],
    "lockdown": UNLOCKED,
    "blocks": [BLOCK],
    "events": [EVENT],
}
LOCKDOWN_IN = {"reason": Example(summary="With a reason", value={"reason": "a token was posted in a chat"})}
