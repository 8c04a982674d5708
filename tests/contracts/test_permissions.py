"""The proof: every route and WebSocket of the app, from its own routing table, against everybody who may ask.

Two tables. `ROUTES` says of each way in which kind it is; `ANSWERS` says what each caller gets from each kind. A route
that is not in the table fails, and so does one in the table that is gone.
"""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.guarded_app import Answer, GuardedApp, guarded_app

from popcam.core.access import Role, Scope
from popcam.core.facts import Event
from popcam.core.recordings import recording_path
from popcam.server.needs import declared

ROUTES = {
    # Anybody: sign-in, liveness, the console's files, what errors mean.
    "public": """
        GET /health; HEAD /health; GET /api/health; GET /ready; HEAD /ready; GET /status; HEAD /status; GET /api/status
        POST /api/v1/auth/login; POST /api/v1/auth/logout; GET /api/v1/auth/me; POST /api/v1/auth/setup
        GET /api/v1/auth/oidc/start; GET /api/v1/auth/oidc/callback
        GET /api/v1/security/ca.pem; GET /api/v1/errors; GET /api/v1/errors/{code}; GET /{path:path}; HEAD /{path:path}
    """,
    # Whoever is known.
    "self": """
        GET /api/openapi.json; GET /api/docs; GET /api/v1/settings/schema
        GET /api/v1/tokens; PATCH /api/v1/tokens/{token_id}; DELETE /api/v1/tokens/{token_id}
    """,
    # A person at a browser: no token can make itself last longer, or take an account over.
    "person": """
        POST /api/v1/auth/password; POST /api/v1/auth/totp; POST /api/v1/auth/totp/confirm; DELETE /api/v1/auth/totp
        GET /api/v1/auth/sessions; DELETE /api/v1/auth/sessions; DELETE /api/v1/auth/sessions/{session_id}
        POST /api/v1/tokens
    """,
    # Look at what lies within one's limit; lists leave the rest out.
    "look": """
        GET /api/v1/cameras; POST /api/v1/cameras/batch-status; GET /api/v1/groups; GET /api/v1/events
        GET /api/v1/recordings; GET /api/v1/recordings/days; WS /api/v1/live; GET /api/v1/recovery
        GET /api/v1/monitoring/metrics; GET /api/v1/monitoring/metrics/{name}/history; WS /api/v1/monitoring/live
        GET /api/v1/monitoring/health; GET /api/v1/monitoring/health/changes; GET /api/v1/alerts
        GET /api/v1/alerts/history; GET /api/v1/silences
    """,
    # Look at one camera, its events and recordings: all ways to get pictures are here.
    "look at camera": """
        GET /api/v1/cameras/{camera_id}; GET /api/v1/cameras/{camera_id}/status
        GET /api/v1/cameras/{camera_id}/preview; GET /api/v1/cameras/{camera_id}/mjpeg
        WS /api/v1/cameras/{camera_id}/live; GET /api/performance/cameras/{camera_id}
        POST /api/v1/cameras/{camera_id}/whep; DELETE /api/v1/cameras/{camera_id}/whep/{session_id}
        GET /api/v1/events/{event_id}; GET /api/v1/events/{event_id}/snapshot
        GET /api/v1/recordings/{camera_id}/{name}; HEAD /api/v1/recordings/{camera_id}/{name}
        GET /api/v1/monitoring/health/{check_id:path}/changes
    """,
    # Look at what concerns all cameras, or none.
    "look at all": """
        GET /api/v1/jobs; GET /api/v1/jobs/{job_id}; GET /api/v1/jobs/{job_id}/items
        GET /api/v1/jobs/{job_id}/items/{item_id}; GET /api/v1/jobs/{job_id}/items/{item_id}/output
        HEAD /api/v1/jobs/{job_id}/items/{item_id}/output; GET /api/v1/jobs/{job_id}/preview
        GET /api/v1/alert-channels; GET /api/v1/notifications
        GET /api/performance; GET /api/performance/history; GET /api/performance/routes; GET /api/performance/memory
        GET /api/performance/bottlenecks; GET /api/cache/stats; GET /api/cache/entries
        GET /api/v1/alert-rules; GET /api/v1/alert-rules/{rule_id}; GET /metrics
    """,
    "operate camera": """
        POST /api/v1/cameras/{camera_id}/start; POST /api/v1/cameras/{camera_id}/stop
        POST /api/v1/cameras/{camera_id}/restart; POST /api/v1/cameras/{camera_id}/activate
        POST /api/v1/cameras/{camera_id}/deactivate; PUT /api/v1/cameras/{camera_id}/auto-start
        GET /api/v1/cameras/{camera_id}/logs; POST /api/v1/monitoring/health/{check_id:path}/run
    """,
    "operate all": """
        POST /api/v1/notifications/{notification_id}/retry
        POST /api/v1/recovery
        POST /api/v1/cameras/refresh; POST /api/v1/jobs; POST /api/v1/jobs/check; PATCH /api/v1/jobs/{job_id}
        DELETE /api/v1/jobs/{job_id}; POST /api/v1/jobs/{job_id}/cancel; POST /api/v1/jobs/{job_id}/retry
        POST /api/v1/jobs/uploads; GET /api/v1/jobs/uploads/{upload_id}; DELETE /api/v1/jobs/uploads/{upload_id}
        GET /api/v1/jobs/browse; GET /api/v1/jobs/{job_id}/items/{item_id}/source
        HEAD /api/v1/jobs/{job_id}/items/{item_id}/source
        POST /api/cache/clear
    """,
    # Decide what there is, and who may do what: administrators, who have no limit.
    "manage": """
        PUT /api/v1/cameras/{camera_id}; PATCH /api/v1/cameras/{camera_id}; DELETE /api/v1/cameras/{camera_id}
        POST /api/v1/cameras; POST /api/v1/cameras/batch; PATCH /api/v1/groups/{name:path}
        DELETE /api/v1/groups/{name:path}; GET /api/v1/camera-store; POST /api/v1/sources/test
        GET /api/v1/discovery/devices; POST /api/v1/discovery/onvif
        GET /api/v1/settings; PATCH /api/v1/settings; GET /api/v1/settings/state; GET /api/v1/settings/yaml
        PUT /api/v1/settings/yaml; POST /api/v1/settings/check
        GET /api/v1/users; POST /api/v1/users; GET /api/v1/users/{user_id}; PATCH /api/v1/users/{user_id}
        DELETE /api/v1/users/{user_id}; POST /api/v1/users/{user_id}/password; DELETE /api/v1/users/{user_id}/totp
        GET /api/v1/users/{user_id}/sessions; DELETE /api/v1/users/{user_id}/sessions
        GET /api/v1/security; GET /api/v1/security/events; DELETE /api/v1/security/blocks/{address:path}
        POST /api/v1/security/lockdown; POST /api/v1/security/unlock
        POST /api/v1/alert-channels; PUT /api/v1/alert-channels/{channel_id}
        DELETE /api/v1/alert-channels/{channel_id}; POST /api/v1/alert-channels/{channel_id}/test
        GET /api/v1/audit; GET /api/v1/audit/export; POST /api/v1/audit/verify; GET /api/v1/audit/key
        GET /api/v1/diagnostics; GET /api/performance/memory/allocations; POST /api/performance/memory/allocations
        DELETE /api/performance/memory/allocations
        POST /api/v1/alert-rules; POST /api/v1/alert-rules/try; PUT /api/v1/alert-rules/{rule_id}
        DELETE /api/v1/alert-rules/{rule_id}
    """,
    # Act on what lies within one's limit: the route itself refuses the rest.
    "operate some": """
        POST /api/v1/alerts/{rule_id}/{subject:path}/acknowledge; POST /api/v1/silences
        DELETE /api/v1/silences/{silence_id}; GET /api/v1/logs; WS /api/v1/logs/live
    """,
}
KINDS = {name: kind for kind, names in ROUTES.items() for name in re.findall(r"[A-Z]+ /[^;\s]*", names)}

HIDDEN = frozenset({"camera.not_found", "event.not_found", "recording.not_found", "monitoring.check_unknown"})
"""What somebody gets who may not know that it exists."""
IN, NO_LOGIN, REFUSED, UNKNOWN = "in", "401", "403", "404"

# "door" and "yard" are cameras; all requests about one camera are about the door.
COLUMNS = (
    "public", "self", "person", "look", "look at camera", "look at all", "operate camera", "operate all", "manage",
    "operate some",
)  # fmt: skip
ANSWERS = {
    #                              public self  person look  camera all   operate all   manage some
    "nobody":                     "in     401   401    401   401    401   401     401   401    401",
    "a made-up cookie":           "in     401   401    401   401    401   401     401   401    401",
    "the cookie of a deleted":    "in     401   401    401   401    401   401     401   401    401",
    "the cookie of a disabled":   "in     401   401    401   401    401   401     401   401    401",
    "a cookie after its end":     "in     401   401    401   401    401   401     401   401    401",
    "a made-up token":            "in     401   401    401   401    401   401     401   401    401",
    "a paused token":             "in     401   401    401   401    401   401     401   401    401",
    "an expired token":           "in     401   401    401   401    401   401     401   401    401",
    "a token of a disabled":      "in     401   401    401   401    401   401     401   401    401",
    "viewer":                     "in     in    in     in    in     in    403     403   403    403",
    "operator":                   "in     in    in     in    in     in    in      in    403    in",
    "admin":                      "in     in    in     in    in     in    in      in    in    in",
    "viewer of the door":         "in     in    in     in    in     403   403     403   403    403",
    "viewer of the yard":         "in     in    in     in    404    403   403     403   403    403",
    "viewer of nothing":          "in     in    in     in    404    403   403     403   403    403",
    "viewer of the entrance":     "in     in    in     in    in     403   403     403   403    403",
    "operator of the door":       "in     in    in     in    in     403   in      403   403    in",
    "operator of the yard":       "in     in    in     in    404    403   404     403   403    in",
    "viewer token":               "in     in    403    in    in     in    403     403   403    403",
    "operator token":             "in     in    403    in    in     in    in      in    403    in",
    "admin token":                "in     in    403    in    in     in    in      in    in    in",
    "operator token of the yard": "in     in    403    in    404    403   404     403   403    in",
    "the shell of the server":    "in     in    403    in    in     in    in      in    in    in",
}  # fmt: skip
VALUES = {
    "camera_id": "door", "event_id": "at-the-door", "job_id": "none", "item_id": "1", "upload_id": "none",
    "session_id": "none", "token_id": "none", "user_id": "none", "code": "camera.not_found", "name": "none",
    "address": "192.0.2.1", "path": "somewhere",
    "rule_id": "none", "subject": "none", "silence_id": "none",
    "check_id": "camera.frozen:door", "channel_id": "none", "notification_id": "1",
}  # fmt: skip
ENDS_SESSIONS = frozenset(
    {
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/password",
        "DELETE /api/v1/auth/sessions",
        "DELETE /api/v1/auth/sessions/{session_id}",
    }
)
DAY_UNIX_S = 1_700_000_000.0
NEVER = '"nobody has this version"'


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        event = Event(
            event_id="at-the-door", camera_id="door", kind="motion_started", started_unix_s=1.0, snapshot_jpeg=b"jpeg"
        )
        site.services.events.put([event])
        file = recording_path(site.services.options.recordings_dir / "door", DAY_UNIX_S, "mp4")
        file.parent.mkdir(parents=True)
        file.write_bytes(b"film")
        VALUES["name"] = file.name
        yield site


def table(site: GuardedApp) -> dict[str, str]:
    """Every way in of the app itself: method and path, and its path for a request."""
    ways = {}
    for route in declared(site.app):
        for method in route.methods or {"WS"}:
            ways[f"{method} {route.path}"] = re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: VALUES[m[1]], route.path)
    return ways


async def browsers(site: GuardedApp) -> dict[str, dict[str, str]]:
    """Headers of people with new sessions."""
    return {user.name: await site.session(user) for user in await site.security.users.list()}


async def callers(site: GuardedApp) -> dict[str, dict[str, str]]:
    """Headers of everybody who is known."""
    door, yard = Scope(cameras=frozenset({"door"})), Scope(cameras=frozenset({"yard"}))
    scopes: dict[str, tuple[Role, Scope]] = {
        "viewer": ("viewer", Scope()),
        "operator": ("operator", Scope()),
        "admin": ("admin", Scope()),
        "viewer of the door": ("viewer", door),
        "viewer of the yard": ("viewer", yard),
        "viewer of nothing": ("viewer", Scope(cameras=frozenset())),
        "viewer of the entrance": ("viewer", Scope(groups=frozenset({"entrance"}))),
        "operator of the door": ("operator", door),
        "operator of the yard": ("operator", yard),
    }
    users = {name: await site.user(name, role, scope) for name, (role, scope) in scopes.items()}
    admin, found = users["admin"], await browsers(site)
    found["viewer token"] = await site.token(admin, "viewer")
    found["operator token"] = await site.token(admin, "operator")
    found["admin token"] = await site.token(admin, "admin")
    found["operator token of the yard"] = await site.token(admin, "operator", yard)
    found["the shell of the server"] = {"authorization": f"Bearer {site.security.shell_key.path.read_text()}"}
    return found


async def strangers(site: GuardedApp) -> dict[str, dict[str, str]]:
    """Headers of those whom nobody may know any more."""
    security = site.security
    admin = await site.user("stays", "admin")
    deleted, disabled, late = [await site.user(name, "admin") for name in ("deleted", "disabled", "late")]
    found: dict[str, dict[str, str]] = {
        "nobody": {},
        "a made-up cookie": {"cookie": f"popcam_session={'A' * 43}", "x-popcam-csrf": "1"},
        "a made-up token": {"authorization": f"Bearer popcam_{'A' * 43}"},
        "the cookie of a deleted": await site.session(deleted),
        "the cookie of a disabled": await site.session(disabled),
        "a cookie after its end": await site.session(late),
        "a token of a disabled": await site.token(disabled, "admin"),
        "a paused token": await site.token(admin, "admin"),
        "an expired token": await site.token(admin, "admin", expires_unix_s=time.time() - 1.0),
    }
    await security.users.delete(deleted.user_id)
    await security.users.disable(disabled.user_id)
    await security.sessions.revoke_all(late.user_id)
    lasting = [one.token_id for one in await security.tokens.list(admin.user_id) if one.expires_unix_s is None]
    await security.tokens.pause(lasting)
    return found


def verdict(answer: Answer) -> str:
    """What an answer says about permission; everything that is no refusal is `in`."""
    if answer.status in {401, 403}:
        return str(answer.status)
    hidden = answer.status == 404 and (answer.code in HIDDEN or not answer.text)
    assert answer.status not in {429, 500}, answer
    return UNKNOWN if hidden else IN


async def ask(site: GuardedApp, way: str, path: str, headers: dict[str, str]) -> Answer:
    """A request that is let in changes nothing: its body has the wrong form, its version nobody has."""
    method = way.partition(" ")[0]
    body = "not what it takes" if method in {"POST", "PUT", "PATCH"} else None
    return await site.ask(method, path, {"if-match": NEVER, **headers}, body, query="auto_start=true&name=a.mp4")


def expected(caller: str, way: str) -> str:
    row = dict(zip(COLUMNS, ANSWERS[caller].split(), strict=True))
    return row[KINDS[way]]


async def test_the_table_holds_every_way_into_the_app_and_none_that_is_gone(site: GuardedApp) -> None:
    assert set(table(site)) == set(KINDS)


async def test_every_way_in_declares_a_need(site: GuardedApp) -> None:
    assert [route.path for route in declared(site.app) if not route.needs] == []


async def test_who_is_not_known_gets_nothing_that_is_not_for_everybody(site: GuardedApp) -> None:
    unlike = []
    for caller, headers in (await strangers(site)).items():
        for way, path in table(site).items():
            got = verdict(await ask(site, way, path, headers))
            if got != expected(caller, way):
                unlike.append(f"{caller}: {way}: {got}, not {expected(caller, way)}")
    assert "\n".join(unlike) == ""


async def test_everybody_gets_what_their_role_and_limit_allow_and_nothing_else(site: GuardedApp) -> None:
    unlike = []
    everybody = await callers(site)
    for way, path in table(site).items():
        for caller, headers in everybody.items():
            got = verdict(await ask(site, way, path, headers))
            if got != expected(caller, way):
                unlike.append(f"{caller}: {way}: {got}, not {expected(caller, way)}")
        if way in ENDS_SESSIONS:
            everybody |= await browsers(site)
    assert "\n".join(unlike) == ""


async def test_the_table_names_everybody_who_is_tried(site: GuardedApp) -> None:
    known = set(await callers(site))
    assert known | set(await strangers(site)) == set(ANSWERS)
