"""Starting an ONVIF camera anew.

Source: ONVIF core specification 8.3.3 (SystemReboot).
"""

import time
from typing import Final
from urllib.parse import unquote, urlsplit

from popcam.core.errors import SourceAddressError
from popcam.core.protocol import RebootOnvif
from popcam.core.redact import redact
from popcam.media.discovery.onvif import checked_address, clock_offset_s
from popcam.media.discovery.soap import Device, call

_REBOOT: Final = '<SystemReboot xmlns="http://www.onvif.org/ver10/device/wsdl"/>'


def reboot_onvif(question: RebootOnvif) -> None:
    """Tell the camera to start anew; returns when it said that it will.

    Raises:
        SourceAddressError, SourceAddressRefusedError: its address can't be used.
        SourceUnauthorizedError: it wants another user name or password, or this user may not restart it.
        SourceUnreachableError, SourceTimeoutError: it does not answer, or not in time.
        SourceNotVideoError: what answers there is no ONVIF device.
        SourceError: it refused.
    """
    device = device_of(question, time.monotonic() + question.timeout_s)
    device.clock_offset_s = clock_offset_s(device)
    call(device, device.address, _REBOOT)


def device_of(question: RebootOnvif, deadline_s: float) -> Device:
    """The device service to ask, and the login: that of the question, else the one in a stream's address.

    Raises:
        SourceAddressError: no host can be made out.
    """
    address = question.address
    if not address.lower().startswith(("rtsp://", "rtsps://")):
        return Device(checked_address(address), question.username, question.password, deadline_s)
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError as error:
        raise SourceAddressError(f"{redact(address)}: {error}") from error
    if question.username:
        username, password = question.username, question.password
    return Device(checked_address(f"[{host}]" if ":" in host else host), username, password, deadline_s)
