"""A small ONVIF camera on loopback: answers WS-Discovery probes by multicast UDP and SOAP questions over HTTP.

with OnvifDevice(username="admin", password="s3cret") as camera:
    camera.address  # its device service

It checks logins for real: the WS-Security digest, its freshness by the camera's own clock, and HTTP Digest where told.
"""

import base64
import contextlib
import datetime
import hashlib
import re
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

GROUP, PORT = "239.255.255.250", 3702
ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:t="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl"><s:Body>{}</s:Body></s:Envelope>'
)
MATCHES = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header><a:RelatesTo>{id}</a:RelatesTo></s:Header>'
    "<s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>{endpoint}</a:Address>"
    "</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>"
    "<d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
)
FAULT = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text>{text}</s:Text></s:Reason></s:Fault>"
)
PROFILE = (
    '<trt:Profiles token="{token}" fixed="true"><t:Name>{name}</t:Name><t:VideoEncoderConfiguration>'
    "<t:Encoding>H264</t:Encoding><t:Resolution><t:Width>{width}</t:Width><t:Height>{height}</t:Height>"
    "</t:Resolution><t:RateControl><t:FrameRateLimit>25</t:FrameRateLimit></t:RateControl>"
    "</t:VideoEncoderConfiguration></trt:Profiles>"
)


@dataclass
class OnvifDevice:
    """One camera.

    Args:
        username, password: who may ask for streams; empty for anybody.
        http_digest: ask for HTTP Digest instead of WS-Security.
        streams: addresses by profile token.
        clock_offset_s: its clock is wrong by so much.
        media_host: the host that it names for its media service; many cameras name a wrong one.
        elsewhere: addresses that it names in discovery besides its own.
        answer: bytes that it gives to every question instead of an answer.
        slow_s: it thinks so long before each answer.
        answers_probes: take part in discovery. All tests of this machine that search find it then.
    """

    username: str = ""
    password: str = ""
    http_digest: bool = False
    streams: dict[str, str] = field(default_factory=lambda: {"main": "rtsp://127.0.0.1:554/main"})
    clock_offset_s: float = 0.0
    media_host: str = "127.0.0.1"
    elsewhere: tuple[str, ...] = ()
    answer: bytes = b""
    slow_s: float = 0.0
    answers_probes: bool = False
    endpoint: str = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")

    def __post_init__(self) -> None:
        self.asked: list[str] = []
        self.reboots = 0
        self.on_reboot: Callable[[], object] = lambda: None
        """What it does when it is to start anew."""
        self.bodies: list[str] = []
        self._ending = threading.Event()
        owner = self

        class Handler(_Handler):
            device = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    def __enter__(self) -> "OnvifDevice":
        self._threads = [threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})]
        if self.answers_probes:
            self._threads.append(threading.Thread(target=self._listen, args=(_group_socket(),)))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def _listen(self, group: socket.socket) -> None:
        with group:
            while not self._ending.is_set():
                with contextlib.suppress(TimeoutError):
                    raw, sender = group.recvfrom(65_535)
                    message = re.search(rb"MessageID>([^<]+)<", raw)
                    # Probes of others on this machine are answered on loopback alone: no test speaks to a network.
                    if message is not None and b"NetworkVideoTransmitter" in raw and sender[0] == "127.0.0.1":
                        group.sendto(self._matches(message[1].decode()), sender)

    def _matches(self, message_id: str) -> bytes:
        return MATCHES.format(
            id=message_id,
            endpoint=self.endpoint,
            scopes="onvif://www.onvif.org/name/Yard%20%E9%99%A2%E5%AD%90 onvif://www.onvif.org/hardware/X1",
            addresses=" ".join((*self.elsewhere, self.address)),
        ).encode()

    def carry_out(self, question: str, authorization: str) -> tuple[int, str, dict[str, str]]:
        """Status, SOAP body and headers for one question."""
        operation = re.search(r"<s:Body><(?:\w+:)?(\w+)", question)
        name = operation[1] if operation else ""
        self.asked.append(name)
        self.bodies.append(question + authorization)
        if name == "GetSystemDateAndTime":
            return 200, self._time(), {}
        if self.username and not (self._by_http(authorization) if self.http_digest else self._by_token(question)):
            if self.http_digest:
                challenge = 'Digest realm="cam", qop="auth", nonce="abc123", algorithm=MD5'
                return 401, "", {"WWW-Authenticate": challenge}
            return 400, FAULT.format(code="ter:NotAuthorized", text="Sender not authorized"), {}
        return 200, self._tell(name, question), {}

    def _tell(self, name: str, question: str) -> str:
        match name:
            case "GetCapabilities":
                media = f"http://{self.media_host}:{self.port}/onvif/media"
                return (
                    "<tds:GetCapabilitiesResponse><tds:Capabilities><t:Media>"
                    f"<t:XAddr>{media}</t:XAddr></t:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
                )
            case "GetProfiles":
                profiles = "".join(
                    PROFILE.format(token=token, name=token.title(), width=1280 >> number, height=720 >> number)
                    for number, token in enumerate(self.streams)
                )
                return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"
            case "GetStreamUri":
                token = re.search(r"ProfileToken>([^<]*)<", question)
                url = self.streams[token[1] if token else ""]
                return (
                    f"<trt:GetStreamUriResponse><trt:MediaUri><t:Uri>{url}</t:Uri></trt:MediaUri>"
                    "</trt:GetStreamUriResponse>"
                )
            case "SystemReboot":
                self.reboots += 1
                self.on_reboot()
                return "<tds:SystemRebootResponse><tds:Message>Back soon</tds:Message></tds:SystemRebootResponse>"
            case _:
                return (
                    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer>"
                    "<tds:Model>X1</tds:Model></tds:GetDeviceInformationResponse>"
                )

    def _now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=self.clock_offset_s)

    def _time(self) -> str:
        now = self._now()
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><t:UTCDateTime>"
            f"<t:Time><t:Hour>{now.hour}</t:Hour><t:Minute>{now.minute}</t:Minute><t:Second>{now.second}</t:Second>"
            f"</t:Time><t:Date><t:Year>{now.year}</t:Year><t:Month>{now.month}</t:Month><t:Day>{now.day}</t:Day>"
            "</t:Date></t:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _by_token(self, question: str) -> bool:
        found = [re.search(rf"{tag}[^>]*>([^<]+)<", question) for tag in ("Username", "Password", "Nonce", "Created")]
        if not all(found):
            return False
        user, digest, nonce, created = (match[1] for match in found if match)
        age_s = abs((self._now() - datetime.datetime.fromisoformat(created)).total_seconds())
        expected = hashlib.sha1(base64.b64decode(nonce) + created.encode() + self.password.encode()).digest()
        return bool(user == self.username and base64.b64decode(digest) == expected and age_s < 10)

    def _by_http(self, authorization: str) -> bool:
        if not authorization.startswith("Digest "):
            return False
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', authorization))
        one = hashlib.md5(f"{self.username}:cam:{self.password}".encode()).hexdigest()
        two = hashlib.md5(f"POST:{said['uri']}".encode()).hexdigest()
        expected = hashlib.md5(f"{one}:abc123:{said['nc']}:{said['cnonce']}:auth:{two}".encode()).hexdigest()
        return bool(said["username"] == self.username and said["response"] == expected)


class _Handler(BaseHTTPRequestHandler):
    device: OnvifDevice

    def do_POST(self) -> None:
        question = self.rfile.read(int(self.headers["Content-Length"])).decode()
        time.sleep(self.device.slow_s)
        status, body, headers = self.device.carry_out(question, self.headers.get("Authorization", ""))
        raw = self.device.answer or (ENVELOPE.format(body).encode() if body else b"")
        with contextlib.suppress(OSError):  # whoever asked may have given up
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(raw))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


def _group_socket() -> socket.socket:
    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    group.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    group.bind((GROUP, PORT))
    membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1"))
    group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    group.settimeout(0.05)
    return group
