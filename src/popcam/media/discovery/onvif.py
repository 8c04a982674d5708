"""ONVIF cameras of the local networks, with the addresses of their streams.

Source: ONVIF core specification (device service), ONVIF media service specification 1.0.
"""

import contextlib
import datetime
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from popcam.core.errors import PopcamError, SourceAddressError, SourceError, SourceTimeoutError, SourceUnreachableError
from popcam.core.protocol import FindOnvif, OnvifCamera, OnvifStream
from popcam.core.redact import redact
from popcam.media.discovery.soap import Device, call
from popcam.media.discovery.wsdiscovery import Answer, probe

SIDE_BY_SIDE: Final = 16
MAX_PROFILES: Final = 32
STREAM_SCHEMES: Final = frozenset({"rtsp", "rtsps", "http", "https"})
_TDS: Final = "http://www.onvif.org/ver10/device/wsdl"
_TRT: Final = "http://www.onvif.org/ver10/media/wsdl"
_T: Final = "{http://www.onvif.org/ver10/schema}"
_TIME: Final = f'<GetSystemDateAndTime xmlns="{_TDS}"/>'
_CAPABILITIES: Final = f'<GetCapabilities xmlns="{_TDS}"><Category>Media</Category></GetCapabilities>'
_PROFILES: Final = f'<GetProfiles xmlns="{_TRT}"/>'
_INFORMATION: Final = f'<GetDeviceInformation xmlns="{_TDS}"/>'


def find_onvif(question: FindOnvif) -> tuple[OnvifCamera, ...]:
    """Ask the networks, then each camera that answered, for its streams.

    A camera that refuses or fails is listed with the reason.

    Raises:
        SourceAddressError: one of the given addresses can't be used.
        SourceUnreachableError: no network could be asked.
    """
    named = [_named(address) for address in question.addresses]
    try:
        answers = named + (probe(question.timeout_s) if question.probe else [])
    except OSError as error:
        raise SourceUnreachableError(f"no network can be asked: {error.strerror or error}") from error
    distinct = list({answer.address: answer for answer in answers}.values())
    deadline_s = time.monotonic() + question.ask_timeout_s
    pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="onvif")
    asked = [(answer, pool.submit(_camera, answer, question, deadline_s)) for answer in distinct]
    wait([future for _, future in asked], timeout=max(0.0, deadline_s - time.monotonic()))
    pool.shutdown(wait=False, cancel_futures=True)
    late = SourceTimeoutError("there was no time left to ask it")
    return tuple(
        future.result() if future.done() and not future.cancelled() else _failed(answer, late)
        for answer, future in asked
    )


def checked_address(address: str) -> str:
    """A device service's address; a bare host stands for the usual one.

    Raises:
        SourceAddressError: it is no http or https address, or holds credentials.
    """
    whole = address if "://" in address else f"http://{address}/onvif/device_service"
    try:
        parts = urlsplit(whole)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port  # checked only when read
    except ValueError:
        usable = False
    if not usable or not whole.isascii() or any(letter <= " " for letter in whole):
        raise SourceAddressError(f"{redact(whole)} is no address of an ONVIF device")
    return whole


def _named(address: str) -> Answer:
    whole = checked_address(address)
    return Answer(urlsplit(whole).hostname or "", whole, "", "", "")


def _camera(answer: Answer, question: FindOnvif, deadline_s: float) -> OnvifCamera:
    device = Device(answer.address, question.username, question.password, deadline_s)
    try:
        device.clock_offset_s = clock_offset_s(device)
        media = _media_address(device)
        streams = tuple(_streams(device, media))
        name = answer.name or _model(device)
    except SourceError as error:
        return _failed(answer, error)
    return OnvifCamera(
        address=answer.address,
        host=answer.host,
        endpoint=answer.endpoint,
        name=name,
        hardware=answer.hardware,
        streams=streams,
    )


def _failed(answer: Answer, error: PopcamError) -> OnvifCamera:
    return OnvifCamera(
        address=answer.address,
        host=answer.host,
        endpoint=answer.endpoint,
        name=answer.name,
        hardware=answer.hardware,
        code=error.code,
        detail=redact(error.detail),
    )


def clock_offset_s(device: Device) -> float:
    """The device's clock minus ours; 0 where it does not tell a sensible time."""
    utc = call(device, device.address, _TIME, login=False).find(f".//{_T}UTCDateTime")
    if utc is None:
        return 0.0
    try:
        year, month, day = (int(utc.findtext(f"{_T}Date/{_T}{part}", "")) for part in ("Year", "Month", "Day"))
        hour, minute, second = (int(utc.findtext(f"{_T}Time/{_T}{part}", "")) for part in ("Hour", "Minute", "Second"))
        there = datetime.datetime(year, month, day, hour, minute, min(second, 59), tzinfo=datetime.UTC)
    except ValueError:
        return 0.0
    return (there - datetime.datetime.now(datetime.UTC)).total_seconds()


def _media_address(device: Device) -> str:
    """Where the media service is: always on the device that was asked, whatever host it names."""
    told = call(device, device.address, _CAPABILITIES).findtext(f".//{_T}Media/{_T}XAddr", "").strip()
    if not told:
        raise SourceError(f"{device.address}: the device has no media service")
    asked = urlsplit(device.address)
    try:
        parts = urlsplit(told)
        netloc = parts.netloc if parts.hostname == asked.hostname and "@" not in parts.netloc else asked.netloc
    except ValueError:
        return device.address
    return urlunsplit((asked.scheme, netloc, parts.path, parts.query, ""))


def _model(device: Device) -> str:
    """Maker and model, where the device tells them."""
    with contextlib.suppress(SourceError):
        answer = call(device, device.address, _INFORMATION)
        parts = (answer.findtext(f".//{{{_TDS}}}{part}", "").strip() for part in ("Manufacturer", "Model"))
        return " ".join(part for part in parts if part)[:100]
    return ""


def _streams(device: Device, media: str) -> Iterator[OnvifStream]:
    answer = call(device, media, _PROFILES)
    for profile in list(answer.iter(f"{{{_TRT}}}Profiles"))[:MAX_PROFILES]:
        token = profile.get("token", "")
        url = _stream_url(device, media, token)
        if url:
            yield _stream(profile, token, url)


def _stream(profile: Element, token: str, url: str) -> OnvifStream:
    encoder = f"{_T}VideoEncoderConfiguration"
    return OnvifStream(
        profile=token,
        name=profile.findtext(f"{_T}Name", "").strip()[:100],
        url=url,
        codec=profile.findtext(f"{encoder}/{_T}Encoding", "").strip().lower()[:20],
        width_px=_whole(profile.findtext(f"{encoder}/{_T}Resolution/{_T}Width")),
        height_px=_whole(profile.findtext(f"{encoder}/{_T}Resolution/{_T}Height")),
        fps=float(_whole(profile.findtext(f"{encoder}/{_T}RateControl/{_T}FrameRateLimit"))),
    )


def _stream_url(device: Device, media: str, token: str) -> str:
    """The stream's address without credentials; empty when it is none that a source opens."""
    question = (
        f'<GetStreamUri xmlns="{_TRT}" xmlns:t="http://www.onvif.org/ver10/schema"><StreamSetup>'
        "<t:Stream>RTP-Unicast</t:Stream><t:Transport><t:Protocol>RTSP</t:Protocol></t:Transport></StreamSetup>"
        f"<ProfileToken>{quoteattr(token)[1:-1]}</ProfileToken></GetStreamUri>"
    )
    told = call(device, media, question).findtext(f".//{_T}Uri", "").strip()
    try:
        parts = urlsplit(told)
        if parts.scheme not in STREAM_SCHEMES or not parts.hostname or len(told) > 2048:
            return ""
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _whole(text: str | None) -> int:
    stripped = (text or "").strip()
    return min(int(stripped), 1_000_000) if stripped.isdecimal() and len(stripped) < 10 else 0
