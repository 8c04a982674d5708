"""What is asked of an identity provider: where things are, which keys it signs with, and who somebody is."""

import asyncio
import base64
import contextlib
import importlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

import structlog

from popcam.config.model import SecuritySettings
from popcam.core.clock import Clock
from popcam.core.errors import IdentityProviderError, LoginFailedError
from popcam.core.known_secrets import KNOWN

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import KeySet

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 1 << 20
METADATA_FRESH_S = 3600.0
KEYS_AGAIN_S = 30.0
"""A token by a key that is not known has the keys read again, so often at most."""
LEEWAY_S = 60
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signed by a key that only the provider has: neither `none` nor one made of the shared secret."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MODULES = ("httpx", "joserfc.jwt", "joserfc.jwk", "authlib.oidc.core", "authlib.oauth2.rfc7636")


class Metadata(NamedTuple):
    """The provider's own description (OpenID Connect Discovery 1.0), as far as it is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    basic: bool
    """The secret is sent as HTTP Basic, else in the form."""


class Provider:
    """The provider of the settings. What it says of itself is remembered for a while."""

    def __init__(self, settings: SecuritySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._reading = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Where its parts are.

        Raises:
            IdentityProviderError: it does not answer, or describes another issuer.
        """
        async with self._reading:
            now_s = self._clock.monotonic_s()
            if self._metadata is None or now_s - self._metadata[0] > METADATA_FRESH_S:
                self._metadata = now_s, await self._read_metadata()
            return self._metadata[1]

    async def claims(self, code: str, redirect_uri: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        """Who came back with a code.

        Raises:
            LoginFailedError: the provider does not know the code, or the token is not for us, this login and now.
            IdentityProviderError: it does not answer as it should.
        """
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._settings.oidc_client_id,
            "code_verifier": verifier,
        }
        answer = await self._ask_for_token(metadata, form)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise IdentityProviderError("it gave no ID token", "没有返回 ID 令牌")
        claims = await self._checked(metadata, id_token, access_token, nonce)
        return await self._completed(metadata, claims, access_token)

    async def _read_metadata(self) -> Metadata:
        issuer = self._settings.oidc_issuer
        check_address(issuer)
        # All of it takes half a second to import: not on the loop, and only where somebody signs in like this.
        await asyncio.to_thread(lambda: [importlib.import_module(name) for name in MODULES])
        found = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
            raise IdentityProviderError(
                f"it calls itself {found.get('issuer')!r}", f"其自称的 issuer 为 {found.get('issuer')!r}"
            )
        needed = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(isinstance(one, str) for one in needed):
            raise IdentityProviderError("its description lacks an address", "其描述中缺少地址")
        userinfo = found.get("userinfo_endpoint") or ""
        for address in (*needed, *filter(None, [userinfo])):
            check_address(str(address))
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        authorization, token, jwks = map(str, needed)
        return Metadata(authorization, token, jwks, str(userinfo), "client_secret_basic" in methods)

    async def _ask_for_token(self, metadata: Metadata, form: dict[str, str]) -> Mapping[str, Any]:
        secret = await asyncio.to_thread(self._secret)
        headers = dict(JSON_WANTED)
        if secret and metadata.basic:
            # RFC 6749, 2.3.1: both are form-encoded before they are put together.
            pair = f"{quote(self._settings.oidc_client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif secret:
            form = {**form, "client_secret": secret}
        async with _client() as client:
            response = await client.post(metadata.token_endpoint, data=form, headers=headers)
        if response.status_code == 400 and _error_of(response) == "invalid_grant":
            raise LoginFailedError("the provider does not know this code", "身份提供方不认识此授权码")
        return _json(response)

    async def _checked(self, metadata: Metadata, token: str, access_token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token that is signed by the provider, for us, for this login and for now."""
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError

        try:
            try:
                decoded = jwt.decode(token, await self._key_set(metadata), algorithms=ALGORITHMS)
            except (InvalidKeyIdError, JoseError):
                # It may have changed its keys since they were read.
                decoded = jwt.decode(token, await self._key_set(metadata, again=True), algorithms=ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "values": _spellings(self._settings.oidc_issuer)},
                    "aud": {"essential": True, "value": self._settings.oidc_client_id},
                },
                {"nonce": nonce, "client_id": self._settings.oidc_client_id, "access_token": access_token},
            )
            claims.validate(int(self._clock.unix_s()), LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            log.warning("login.failed", reason="id_token", error=type(error).__name__)
            raise LoginFailedError(
                "the provider's token is not for this login", "身份提供方的令牌不属于本次登录"
            ) from error
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise IdentityProviderError("its token names nobody", "其令牌没有指明用户")
        return dict(claims)

    async def _completed(self, metadata: Metadata, claims: Mapping[str, Any], access_token: str) -> Mapping[str, Any]:
        """With what it tells at its userinfo address: many providers leave groups out of the token."""
        if not metadata.userinfo_endpoint:
            return claims
        async with _client() as client:
            headers = {**JSON_WANTED, "Authorization": f"Bearer {access_token}"}
            more = _json(await client.get(metadata.userinfo_endpoint, headers=headers))
        if more.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
            raise LoginFailedError("the provider told about somebody else", "身份提供方返回了其他用户的信息")
        return {**more, **claims}

    async def _key_set(self, metadata: Metadata, *, again: bool = False) -> "KeySet":
        from joserfc.jwk import KeySet

        now_s = self._clock.monotonic_s()
        if self._keys is None or (again and now_s - self._keys[0] > KEYS_AGAIN_S):
            found = await self._get(metadata.jwks_uri)
            try:
                keys = [key for key in found["keys"] if key.get("use", "sig") == "sig"]
                self._keys = now_s, KeySet.import_key_set({"keys": keys})
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise IdentityProviderError("its keys can't be read", "无法读取其密钥") from error
        return self._keys[1]

    async def _get(self, address: str) -> Mapping[str, Any]:
        async with _client() as client:
            return _json(await client.get(address, headers=JSON_WANTED))

    def _secret(self) -> str:
        path = self._settings.oidc_client_secret_file
        if not path:
            return ""
        try:
            secret = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise IdentityProviderError(
                "the file of the client's secret can't be read", "无法读取客户端密钥文件"
            ) from error
        KNOWN.keep("oidc", [secret])
        return secret


JSON_WANTED = {"Accept": "application/json"}


def check_address(address: str) -> None:
    """Refuse an address whose answers anybody in the network could change.

    Raises:
        IdentityProviderError: it is neither https nor on this machine.
    """
    try:
        parts = urlsplit(address)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        safe = False
    if not safe:
        raise IdentityProviderError("its addresses must begin with https://", "其地址必须以 https:// 开头")


@contextlib.asynccontextmanager
async def _client() -> "AsyncIterator[httpx.AsyncClient]":
    """A client that follows no redirects; what goes wrong gets our name."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            yield client
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise IdentityProviderError(type(error).__name__) from error


def _json(response: "httpx.Response") -> Mapping[str, Any]:
    """The JSON object of a success."""
    if response.status_code != 200:
        problem = _error_of(response)
        raise IdentityProviderError(f"it answers {response.status_code} {problem}".rstrip())
    if len(response.content) > MAX_ANSWER_BYTES:
        raise IdentityProviderError("its answer is too long", "其响应过长")
    try:
        found = response.json()
    except ValueError as error:
        raise IdentityProviderError("its answer is no JSON", "其响应不是 JSON") from error
    if not isinstance(found, dict):
        raise IdentityProviderError("its answer is no JSON object", "其响应不是 JSON 对象")
    return found


def _error_of(response: "httpx.Response") -> str:
    """The error's name (RFC 6749, 5.2), if that is what it is."""
    try:
        found = response.json()
    except ValueError:
        return ""
    name = found.get("error") if isinstance(found, dict) else None
    return name[:80] if isinstance(name, str) and name.isprintable() else ""


def _spellings(issuer: str) -> list[str | int | bool]:
    """With and without a slash at the end: people write it either way into the settings."""
    return [issuer.rstrip("/"), issuer.rstrip("/") + "/"]
