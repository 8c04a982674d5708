"""One WebRTC viewer by aiortc, fed with pictures that are encoded already. Imported only when somebody asks for it."""

import asyncio
from fractions import Fraction
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from av import Packet

from popcam.core.errors import OfferRefusedError
from popcam.core.interfaces import PreviewPicture

CLOCK_HZ = 90_000
"""RTP clock of video (RFC 6184, section 8.2.1)."""
WAITING_PICTURES = 2
"""Pictures between fleet and network. When the network is slower the fleet drops, up to the next keyframe."""


class EncodedTrack(MediaStreamTrack):
    """A media track whose pictures come encoded; aiortc only cuts them into RTP packets."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._pictures: asyncio.Queue[PreviewPicture] = asyncio.Queue(WAITING_PICTURES)

    async def send(self, picture: PreviewPicture) -> None:
        """Queue one picture; waits while the network is behind."""
        await self._pictures.put(picture)

    async def recv(self) -> "Packet[Any]":
        picture = await self._pictures.get()
        packet = Packet(picture.payload)
        packet.pts = packet.dts = round(picture.header.pts_s * CLOCK_HZ)
        packet.time_base = Fraction(1, CLOCK_HZ)
        return packet


class Peer:
    """One viewer's connection."""

    def __init__(self) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._track = EncodedTrack()
        self._connected = asyncio.Event()
        self._gone = asyncio.Event()
        self._connection.on("connectionstatechange", self._on_state)

    async def answer(self, offer: str) -> str:
        """The SDP answer to a viewer's offer, candidates included.

        Raises:
            OfferRefusedError: it is no offer, or holds no video that we can send.
        """
        transceiver = self._connection.addTransceiver(self._track, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        # Before the remote description: it is what the codecs are chosen at.
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() == "video/h264"])
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            if transceiver.mid is None:
                raise OfferRefusedError("the offer holds no video")
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except (InvalidAccessError, InvalidStateError, OperationError) as error:
            raise OfferRefusedError(str(error)) from error
        except (ValueError, KeyError, IndexError, AttributeError, AssertionError, TypeError) as error:
            # aiortc's parser takes text apart without checking it; each of these means that it was no proper SDP.
            raise OfferRefusedError("not an SDP offer") from error
        return self._connection.localDescription.sdp

    async def connected(self) -> None:
        """Wait until pictures can flow, or until the viewer is gone."""
        await self._connected.wait()

    async def gone(self) -> None:
        """Wait until the viewer is gone."""
        await self._gone.wait()

    async def send(self, picture: PreviewPicture) -> None:
        """Hand over one picture; waits while the network is behind."""
        await self._track.send(picture)

    async def close(self) -> None:
        """Let go of sockets and tasks."""
        self._track.stop()
        await self._connection.close()

    def _on_state(self) -> None:
        state = self._connection.connectionState
        if state in {"connected", "failed", "closed"}:
            self._connected.set()
        if state in {"failed", "closed"}:
            self._gone.set()
