"""Examples of the audit log in the OpenAPI document, true to what the server really answers."""

from popcam.server.examples import Json

ENTRY: Json = {
    "seq": 412,
    "unix_s": 1_795_334_400.25,
    "action": "camera.update",
    "result": "ok",
    "who": {
        "name": "anna",
        "user_id": "9f2c51d07be4a863",
        "via": "session",
        "role": "admin",
        "credential_id": "c1d20e94b7a35f68",
        "address": "192.0.2.7",
    },
    "on": "camera:door",
    "detail": "",
    "before": {"record.mode": "off"},
    "after": {"record.mode": "events"},
    "request_id": "5f2c8a90d41e7b36",
    "prev": "84b7d3ae6d4f4c1f0b6a9a1f3f8c7a61b2b0e0a7c5a4d91ee3f06c2b55d8f0a4",
    "hash": "16fe44d2f05dcd4b9e6a4b2f2ab1b03b0a2ed4f4bd1b7c3d97c9a2a8f6e0d513",
}
ENTRIES: Json = {"items": [ENTRY], "next_cursor": "YTQxMg"}
VERIFIED: Json = {
    "ok": True,
    "entries": 412,
    "first_seq": 1,
    "last_seq": 412,
    "last_hash": ENTRY["hash"],
    "signed_until": 400,
    "key_id": "11132c44ca743986c62a62e6c0795a47d4d56ec59d1fed0fe245b5524b2440b3",
    "broken": None,
}
BROKEN: Json = {
    "ok": False,
    "entries": 57,
    "first_seq": 1,
    "last_seq": 57,
    "last_hash": ENTRY["prev"],
    "signed_until": 0,
    "key_id": VERIFIED["key_id"],
    "broken": {
        "kind": "edited",
        "seq": 58,
        "until": 0,
        "message": "entry 58 was changed, or another one was put in its place",
    },
}
EXPORT = (
    '{"popcam_audit":"export","filtered":false,"first_seq":1,"last_seq":412,...}\n'
    '{"action":"camera.update","after":{"record.mode":"events"},...,"hash":"16fe44d2..."}\n'
    '{"popcam_audit":"end","entries":412,"digest":"b7a35f68...","signature":"..."}\n'
)
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
