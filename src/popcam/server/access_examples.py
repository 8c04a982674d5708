"""Examples of accounts, sessions and API tokens in the OpenAPI document."""

from typing import Any

from fastapi.openapi.models import Example

Json = dict[str, Any]

USER: Json = {
    "id": "5f2c8a90d41e7b36",
    "name": "Ann",
    "role": "viewer",
    "cameras": ["door"],
    "groups": None,
    "disabled": False,
    "has_password": True,
    "external": False,
    "totp": False,
    "recovery_codes": 0,
    "created_unix_s": 1_795_300_000.0,
    "password_unix_s": 1_795_300_000.0,
    "last_login_unix_s": 1_795_334_400.0,
}
USERS: Json = {"items": [USER]}
SIGNED_IN: Json = {"user": USER}
SIGNED_OUT: Json = {"redirect": None}
ME: Json = {
    "login_required": True,
    "setup_needed": False,
    "oidc": False,
    "known": True,
    "user": USER,
    "role": "viewer",
    "permissions": ["self", "view"],
    "lockdown": None,
}
TOTP: Json = {
    "secret": "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK",
    "uri": "otpauth://totp/popcam:Ann?secret=MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK&issuer=popcam",
    "qr_svg": '<svg width="200" height="200" class="segno"></svg>',
}
RECOVERY_CODES: Json = {"recovery_codes": ["cpkck-afjb7", "jrkew-eugfd"]}
SESSION: Json = {
    "id": "fdf01f26f4a48c28",
    "current": True,
    "created_unix_s": 1_795_300_000.0,
    "seen_unix_s": 1_795_334_400.0,
    "expires_unix_s": 1_797_892_000.0,
    "address": "192.0.2.20",
    "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
}
SESSIONS: Json = {"items": [SESSION]}
TOKEN: Json = {
    "id": "d4590ef26c4baaf8",
    "user_id": "5f2c8a90d41e7b36",
    "user": "Ann",
    "name": "Home Assistant",
    "role": "viewer",
    "cameras": ["door"],
    "groups": None,
    "created_unix_s": 1_795_300_000.0,
    "expires_unix_s": 1_826_836_000.0,
    "used_unix_s": None,
    "used_address": "",
    "paused": False,
}
TOKENS: Json = {"items": [TOKEN]}
TOKEN_MADE: Json = {**TOKEN, "token": "popcam_..."}
LOGIN_IN: dict[str, Example] = {
    "password": {"summary": "Name and password", "value": {"name": "Ann", "password": "..."}},
    "code": {"summary": "With a second factor", "value": {"name": "Ann", "password": "...", "code": "123456"}},
}
SETUP_IN: dict[str, Example] = {
    "first": {"summary": "The first administrator", "value": {"token": "...", "name": "Ann", "password": "..."}}
}
PASSWORD_CHANGE_IN: dict[str, Example] = {"own": {"summary": "One's own", "value": {"old": "...", "new": "..."}}}
PASSWORD_IN: dict[str, Example] = {"password": {"summary": "A password", "value": {"password": "..."}}}
CODE_IN: dict[str, Example] = {"app": {"summary": "Of the app", "value": {"code": "123456"}}}
USER_IN: dict[str, Example] = {
    "limited": {
        "summary": "Sees one camera",
        "value": {"name": "Ann", "password": "...", "role": "viewer", "cameras": ["door"]},
    },
    "admin": {"summary": "An administrator", "value": {"name": "Bob", "password": "...", "role": "admin"}},
}
USER_PATCH: dict[str, Example] = {
    "role": {"summary": "Another role", "value": {"role": "operator"}},
    "limit": {"summary": "Limit to a group", "value": {"cameras": None, "groups": ["entrance"]}},
    "out": {"summary": "Shut out", "value": {"disabled": True}},
}
TOKEN_IN: dict[str, Example] = {
    "viewer": {"summary": "Sees one camera", "value": {"name": "Home Assistant", "role": "viewer", "cameras": ["door"]}}
}
TOKEN_PATCH: dict[str, Example] = {"pause": {"summary": "Pause it", "value": {"paused": True}}}
