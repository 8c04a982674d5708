"""/api/v1/discovery: which cameras there are that could be added."""

from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field

from popcam.core.access import Permission
from popcam.core.clean import clean
from popcam.core.errors import (
    RequestInvalidError,
    SourceAddressError,
    SourceDeviceError,
    SourceUnreachableError,
    WorkerUnavailableError,
    error_of_code,
)
from popcam.core.language import Language
from popcam.core.protocol import DevicesFound, FindDevices, FindOnvif, FoundDevice, OnvifCamera, OnvifFound
from popcam.core.redact import redact
from popcam.server import examples
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.services import Reader, Services, Use

router = Router(prefix="/api/v1/discovery", tags=["sources"])

DEVICES_S = 10.0
ASK_S = 5.0
MARGIN_S = 5.0


class Remedy(BaseModel):
    """Why something that was found can't be used, and what to do about it."""

    code: str
    title: str
    detail: str
    hint: str
    retryable: bool


class SizeOut(BaseModel):
    """One picture size of a device."""

    width_px: int
    height_px: int
    max_fps: float = Field(description="Highest rate at this size; 0 when the device does not say.")


class DeviceModeOut(BaseModel):
    """One format that a device delivers."""

    pixel_format: str = Field(description="Four letters, for example `MJPG` or `YUYV`.")
    description: str
    sizes: list[SizeOut]


class DeviceOut(BaseModel):
    """One capture device at the server's machine."""

    url: str = Field(description="The address for `source.url`.")
    name: str
    bus: str = Field(description="Where it is plugged in.")
    readable: bool
    error: Remedy | None = Field(description="Why it can't be read; null when it can.")
    modes: list[DeviceModeOut]
    camera_ids: list[str] = Field(description="Cameras that use this address already.")


class DeviceList(BaseModel):
    """The capture devices at the server's machine."""

    items: list[DeviceOut]


class OnvifIn(BaseModel):
    """How to look for ONVIF cameras."""

    model_config = ConfigDict(extra="forbid")

    timeout_s: float = Field(default=3.0, ge=0.5, le=15.0, description="How long answers are waited for.")
    username: str = Field(default="", max_length=256, description="User name at the cameras.")
    password: str = Field(default="", max_length=256, description="Password there. It is only sent as a digest.")
    addresses: list[Annotated[str, Field(min_length=1, max_length=2048)]] = Field(
        default=[],
        max_length=32,
        description="Cameras to ask besides those that answer: a host, `host:port`, or a device service's address.",
    )
    probe: bool = Field(default=True, description="Ask the local networks; `false` asks the addresses alone.")


class OnvifStreamOut(BaseModel):
    """One stream of a camera."""

    profile: str
    name: str
    url: str = Field(description="The address for `source.url`, without user name and password.")
    codec: str
    width_px: int
    height_px: int
    fps: float


class OnvifCameraOut(BaseModel):
    """One camera that answered."""

    address: str = Field(description="Its device service.")
    host: str
    endpoint: str = Field(description="Its own lasting id, or empty.")
    name: str
    hardware: str
    streams: list[OnvifStreamOut]
    error: Remedy | None = Field(description="Why its streams are unknown; null when they are known.")
    camera_ids: list[str] = Field(description="Cameras that use one of its streams already.")


class OnvifList(BaseModel):
    """The ONVIF cameras that answered, in the order of their answers."""

    items: list[OnvifCameraOut]


@router.get(
    "/devices",
    dependencies=[needs(Permission.MANAGE, action="discovery.devices"), rate("discovery")],
    summary="Capture devices",
    responses={200: examples.of(examples.DEVICES), **responses(SourceDeviceError, WorkerUnavailableError)},
)
async def list_devices(services: Use, language: Reader) -> DeviceList:
    """USB cameras and other capture devices at the server's machine, each with what it delivers or why it can't be
    read.
    """
    found = await services.fleet.ask(FindDevices(), DEVICES_S)
    if not isinstance(found, DevicesFound):
        raise WorkerUnavailableError(f"unexpected answer: {type(found).__name__}")
    return DeviceList(items=[_device(services, device, language) for device in found.devices])


@router.post(
    "/onvif",
    dependencies=[needs(Permission.MANAGE, action="discovery.onvif"), rate("discovery")],
    summary="ONVIF cameras",
    responses={
        200: examples.of(examples.ONVIF),
        **responses(RequestInvalidError, SourceAddressError, SourceUnreachableError, WorkerUnavailableError),
    },
)
async def find_onvif(
    services: Use, language: Reader, wanted: Annotated[OnvifIn | None, Body(openapi_examples=examples.ONVIF_IN)] = None
) -> OnvifList:
    """Ask the local networks for ONVIF cameras (WS-Discovery), and each of them for its streams.

    A camera that wants another user name or password is listed with that reason.
    """
    how = wanted or OnvifIn()
    question = FindOnvif(
        timeout_s=how.timeout_s,
        ask_timeout_s=ASK_S,
        username=how.username,
        password=how.password,
        addresses=tuple(how.addresses),
        probe=how.probe,
    )
    found = await services.fleet.ask(question, how.timeout_s + ASK_S + MARGIN_S)
    if not isinstance(found, OnvifFound):
        raise WorkerUnavailableError(f"unexpected answer: {type(found).__name__}")
    return OnvifList(items=[_onvif(services, camera, language) for camera in found.cameras])


def _remedy(code: str, detail: str, language: Language) -> Remedy | None:
    if not code:
        return None
    error = error_of_code(code)
    return Remedy(
        code=code,
        title=error.title.in_language(language),
        detail=clean(detail),
        hint=error.hint.in_language(language),
        retryable=error.retryable,
    )


def _device(services: Services, device: FoundDevice, language: Language) -> DeviceOut:
    return DeviceOut(
        url=device.url,
        name=device.name,
        bus=device.bus,
        readable=not device.code,
        error=_remedy(device.code, device.detail, language),
        modes=[
            DeviceModeOut(
                pixel_format=mode.pixel_format,
                description=mode.description,
                sizes=[
                    SizeOut(width_px=size[0], height_px=size[1], max_fps=fps)
                    for size, fps in zip(mode.sizes, mode.max_fps, strict=True)
                ],
            )
            for mode in device.modes
        ],
        camera_ids=_users(services, {device.url}),
    )


def _onvif(services: Services, camera: OnvifCamera, language: Language) -> OnvifCameraOut:
    return OnvifCameraOut(
        address=camera.address,
        host=camera.host,
        endpoint=camera.endpoint,
        name=camera.name,
        hardware=camera.hardware,
        streams=[
            OnvifStreamOut(
                profile=stream.profile,
                name=stream.name,
                url=stream.url,
                codec=stream.codec,
                width_px=stream.width_px,
                height_px=stream.height_px,
                fps=stream.fps,
            )
            for stream in camera.streams
        ],
        error=_remedy(camera.code, camera.detail, language),
        camera_ids=_users(services, {stream.url for stream in camera.streams}),
    )


def _users(services: Services, urls: set[str]) -> list[str]:
    """The cameras whose main or sub stream is one of these, whatever credentials stand in the address."""
    wanted = {redact(url).replace("***@", "") for url in urls}
    users = []
    for camera_id in services.cameras.ids():
        spec = services.cameras.spec(camera_id)
        sources = [spec.source] + ([spec.sub_source] if spec.sub_source else [])
        if any(redact(source.url).replace("***@", "") in wanted for source in sources):
            users.append(camera_id)
    return users
