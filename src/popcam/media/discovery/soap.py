"""One question to one ONVIF device: SOAP over HTTP, with a login where it asks for one.

Source: ONVIF core specification 5.9 and 5.12; WS-Security UsernameToken profile 1.0.
"""

import base64
import datetime
import hashlib
import http.client
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import IO, Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from popcam.core.errors import (
    SourceError,
    SourceNotVideoError,
    SourceTimeoutError,
    SourceUnauthorizedError,
    SourceUnreachableError,
)
from popcam.media.discovery.safe_xml import MAX_BYTES, UnsafeXmlError, parse_xml
from popcam.media.reach import refuse_host

_SOAP: Final = "{http://www.w3.org/2003/05/soap-envelope}"
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST_TYPE: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
)
_BASE64: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_CHUNK: Final = 16_384
_LEAST_S: Final = 0.05


@dataclass(slots=True)
class Device:
    """One device service, who we are there, and until when we wait.

    `clock_offset_s` is its clock minus ours: a login token carries the time, and cameras' clocks are often wrong.
    """

    address: str
    username: str = ""
    password: str = field(default="", repr=False)
    deadline_s: float = 0.0
    clock_offset_s: float = 0.0

    def remaining_s(self) -> float:
        """Time that is left.

        Raises:
            SourceTimeoutError: none.
        """
        left_s = self.deadline_s - time.monotonic()
        if left_s < _LEAST_S:
            raise SourceTimeoutError(f"{self.address}: no complete answer in time")
        return left_s


def call(device: Device, address: str, body: str, *, login: bool = True) -> Element:
    """Send one SOAP body and return the body of the answer.

    Raises:
        SourceUnauthorizedError: the device wants another user name or password.
        SourceUnreachableError, SourceTimeoutError: it does not answer, or not in time.
        SourceNotVideoError: what answers there is no ONVIF device.
        SourceError: it refused the question for another reason.
    """
    header = _security(device) if login and device.username else ""
    envelope = (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    status, raw = _post(device, address, envelope.encode())
    try:
        root = parse_xml(raw)
    except UnsafeXmlError as error:
        if status in {401, 403}:
            raise SourceUnauthorizedError(address) from error
        raise SourceNotVideoError(f"{address}: no ONVIF device answers there (HTTP {status}, {error})") from error
    answer = root.find(f"{_SOAP}Body")
    if answer is None:
        raise SourceNotVideoError(f"{address}: no ONVIF device answers there (HTTP {status})")
    fault = answer.find(f"{_SOAP}Fault")
    if fault is not None or status >= 400:
        raise _refusal(address, status, fault)
    return answer


def _refusal(address: str, status: int, fault: Element | None) -> SourceError:
    texts = [] if fault is None else [text.strip() for text in fault.itertext() if text.strip()]
    if status in {401, 403} or any("NotAuthorized" in text or "FailedAuthentication" in text for text in texts):
        return SourceUnauthorizedError(address)
    return SourceError(f"{address}: {' '.join(texts)[:300] or f'HTTP {status}'}")


def _security(device: Device) -> str:
    """The password's digest with a fresh nonce and the device's own time; the password itself is never sent."""
    nonce = secrets.token_bytes(16)
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=device.clock_offset_s)
    created = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + device.password.encode(), usedforsecurity=False).digest()
    return (
        f'<w:Security s:mustUnderstand="1" xmlns:w="{_WSS}" xmlns:u="{_WSU}"><w:UsernameToken>'
        f"<w:Username>{escape(device.username)}</w:Username>"
        f'<w:Password Type="{_DIGEST_TYPE}">{base64.b64encode(digest).decode()}</w:Password>'
        f'<w:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</w:Nonce>'
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A device that sends us elsewhere is not followed: the login is for the device that was asked."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002 - the signature is urllib's own
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


def _post(device: Device, address: str, envelope: bytes) -> tuple[int, bytes]:
    refuse_host(address, device.remaining_s())
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({}), _NoRedirect()]
    if device.username:
        known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        known.add_password(None, address, device.username, device.password)
        handlers.append(urllib.request.HTTPDigestAuthHandler(known))
    request = urllib.request.Request(  # noqa: S310 - only http and https get here, see onvif.checked_address
        address, envelope, {"Content-Type": "application/soap+xml; charset=utf-8"}
    )
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=device.remaining_s()) as answer:
            return int(answer.status), _read(device, answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _read(device, error)
    except TimeoutError as error:
        raise SourceTimeoutError(f"{address}: no answer in time") from error
    except ValueError as error:  # urllib's word for a login that it does not know, HTTP Basic for example
        raise SourceUnauthorizedError(f"{address}: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            raise SourceTimeoutError(f"{address}: no answer in time") from error
        raise SourceUnreachableError(f"{address}: {getattr(reason, 'strerror', None) or reason}") from error


def _read(device: Device, answer: IO[bytes]) -> bytes:
    """The body, bounded in size and time: a device that sends a byte a second must not hold us."""
    parts: list[bytes] = []
    taken = 0
    while taken <= MAX_BYTES:
        device.remaining_s()
        part = answer.read1(_CHUNK) if hasattr(answer, "read1") else answer.read(_CHUNK)
        if not part:
            break
        parts.append(part)
        taken += len(part)
    return b"".join(parts)
