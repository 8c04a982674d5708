"""A small OpenID Connect provider: a process of its own, with discovery, keys, and the code flow with PKCE.

with IdentityProvider() as provider:
    provider.tell(claims={"sub": "1", "groups": ["family"]})   # who signs in next
    provider.tell(fault="nonce")                               # and what it does wrong
    back = provider.visit(url)                                 # a browser that it sends back

It checks what a provider must: client, secret, redirect address, verifier, and that a code is used once.
"""

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

CLIENT, SECRET = "popcam", "a secret: 50% & more"
ALGORITHM = "ES256"


class IdentityProvider:
    """The process, seen from a test."""

    def __enter__(self) -> "IdentityProvider":
        self._process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.issuer = f"http://127.0.0.1:{int(self._process.stdout.readline())}/realm"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def tell(self, **what: Any) -> None:
        request = urllib.request.Request(f"{self.issuer}/tell", json.dumps(what).encode(), method="POST")
        urllib.request.urlopen(request, timeout=60).close()

    def visit(self, url: str) -> dict[str, str]:
        """Go there as a browser; what it sends back with it. What it refuses is an error here."""

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *args: Any, **more: Any) -> None:
                return None

        try:
            urllib.request.build_opener(Stay).open(url, timeout=60).close()
        except urllib.error.HTTPError as error:
            answer = error
        else:
            raise AssertionError("it did not send the browser back")
        answer.close()
        assert answer.code == 302, f"{answer.code} {answer.reason}"
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


class _State:
    """What the process knows."""

    def __init__(self) -> None:
        from joserfc.jwk import ECKey

        self.issuer = ""
        self.key = ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})
        self.published = self.key
        self.claims: dict[str, Any] = {"sub": "1"}
        self.userinfo: dict[str, Any] = {}
        self.fault = ""
        self.methods = ["client_secret_basic"]
        self.codes: dict[str, dict[str, str]] = {}

    def take(self, told: dict[str, Any]) -> None:
        from joserfc.jwk import ECKey

        for name in ("claims", "userinfo", "fault", "methods"):
            if name in told:
                setattr(self, name, told[name])
        if told.get("new_key"):
            self.key = self.published = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig"})
        if self.fault == "stranger's key":
            self.key = ECKey.generate_key("P-256", {"kid": str(self.published.kid), "use": "sig"})

    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "issuer": "http://127.0.0.1:1/other" if self.fault == "issuer" else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": self.methods,
        }
        if self.userinfo:
            found["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        if self.fault == "plain http":
            found["token_endpoint"] = "http://192.0.2.1/token"
        return found

    def id_token(self, asked: dict[str, str], access_token: str) -> str:
        from joserfc import jwt
        from joserfc.jwk import OctKey

        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce", ""),
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
            **self.claims,
        }
        wrong: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "another"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "token of another issuer": {"iss": "https://evil.example"},
            "access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        }
        claims |= wrong.get(self.fault, {})
        if self.fault == "unsigned":
            parts = [{"alg": "none"}, claims]
            head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
            return f"{head}.{body}."
        if self.fault == "signed by the shared secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.kid}, claims, self.key)


class _Handler(BaseHTTPRequestHandler):
    state: _State

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = dict(parse_qsl(parts.query))
        match parts.path.removeprefix("/realm"):
            case "/.well-known/openid-configuration":
                self._json(self.state.metadata())
            case "/keys":
                self._json({"keys": [self.state.published.as_dict(private=False)]})
            case "/authorize":
                self._authorize(asked)
            case "/userinfo" if self.headers.get("Authorization", "").startswith("Bearer at-"):
                self._json(self.state.userinfo)
            case _:
                self._json({"error": "not_found"}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/realm/tell":
            self.state.take(json.loads(body))
            self._json({})
        elif self.path == "/realm/token":
            self._token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        else:
            self._json({"error": "not_found"}, 404)

    def _authorize(self, asked: dict[str, str]) -> None:
        wanted = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
        right = all(asked.get(name) == value for name, value in wanted.items())
        if not right or "openid" not in asked.get("scope", "").split() or not asked.get("state"):
            self._json({"error": "invalid_request"}, 400)
            return
        answer = {"state": asked["state"]}
        if self.state.fault == "denied":
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(8)
            self.state.codes[answer["code"]] = asked
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(answer)}")
        self.end_headers()

    def _token(self, form: dict[str, str]) -> None:
        asked = self.state.codes.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if self.state.fault == "broken":
            self._json({"error": "server_error"}, 500)
        elif self._client(form) != (CLIENT, SECRET):
            self._json({"error": "invalid_client"}, 401)
        elif asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            self._json({"error": "invalid_grant"}, 400)
        else:
            access_token = f"at-{secrets.token_urlsafe(8)}"
            token = {"access_token": access_token, "token_type": "Bearer"}
            if self.state.fault != "no ID token":
                token["id_token"] = self.state.id_token(asked, access_token)
            self._json(token)

    def _client(self, form: dict[str, str]) -> tuple[str, str]:
        if "client_secret_basic" not in self.state.methods:
            return form.get("client_id", ""), form.get("client_secret", "")
        pair = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        name, _, secret = pair.partition(":")
        return unquote(name), unquote(secret)

    def _json(self, value: Any, status: int = 200) -> None:
        body = b"<html>" if self.state.fault == "no JSON" and value else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def main() -> None:
    state = _State()
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    port: int = server.server_address[1]
    state.issuer = f"http://127.0.0.1:{port}/realm"
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
