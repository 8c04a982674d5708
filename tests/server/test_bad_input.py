"""Whatever a client sends: a clear answer in its language, and nothing is changed. A real server with login on."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from tests.fakes.guarded_server import GuardedServer, guarded_server

from popcam.server.strict_json import MAX_DEPTH

DOOR = {"source": "demo:", "name": "Front door"}
BIDI = ("do\u202eor", "door\u2066", "\u200fdoor", "door\u061c")
ZERO_WIDTH = ("do\u200bor", "\ufeffdoor", "do\u2060or", "do\u200dor", "door\u200c", "do\u00ador", "do\u3164or")


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: Any


class Client:
    """Sends bytes as they are, as an administrator."""

    def __init__(self, server: GuardedServer) -> None:
        self.server = server
        self.headers = server.sign_in("anna")

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        sent = {"Content-Type": "application/json", **self.headers} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        try:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            raw = answer.read()
            kind = answer.headers.get("Content-Type", "")
            return Answer(answer.status, dict(answer.headers), json.loads(raw) if raw and "json" in kind else raw)
        finally:
            line.close()

    def cameras(self) -> Any:
        return self.send("GET", "/api/v1/cameras").body


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    with guarded_server(tmp_path_factory.mktemp("bad-input")) as server:
        server.add("anna", "admin")
        yield server


@pytest.fixture(scope="module")
def client(server: GuardedServer) -> Client:
    return Client(server)


def refused(client: Client, method: str, path: str, body: bytes, code: str, *, in_detail: str = "") -> None:
    """A problem of this code in both languages, and all cameras are as before."""
    before = client.cameras()
    answers = {tongue: client.send(method, path, body, Accept_Language=tongue) for tongue in ("en", "zh-CN")}
    for answer in answers.values():
        assert answer.headers["content-type" if "content-type" in answer.headers else "Content-Type"] == (
            "application/problem+json"
        )
        assert (answer.body["code"], answer.body["status"]) == (code, answer.status), answer
        assert 400 <= answer.status < 500
    english, chinese = answers["en"].body, answers["zh-CN"].body
    assert in_detail in english["detail"]
    assert english["title"].isascii()
    for text in (chinese["title"], chinese["hint"], chinese["detail"]):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text), chinese
    assert client.cameras() == before


def camera(**fields: Any) -> bytes:
    return json.dumps({**DOOR, "id": "new", **fields}).encode()


@pytest.mark.parametrize("name", [*BIDI, *ZERO_WIDTH])
def test_names_that_look_like_others_are_refused(client: Client, name: str) -> None:
    refused(client, "POST", "/api/v1/cameras", camera(name=name), "request.invalid", in_detail="body.name")


@pytest.mark.parametrize("name", ["前门📷", "مدخل", "שער", "خانه\u200cها", "👩\u200d👧", "Größe №1", "नमस्ते"])
def test_names_of_all_scripts_are_taken(client: Client, name: str) -> None:
    made = client.send("POST", "/api/v1/cameras", json.dumps({**DOOR, "name": name}).encode())
    assert (made.status, made.body["name"]) == (201, name), made
    assert client.send("DELETE", f"/api/v1/cameras/{made.body['id']}").status == 204


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/v1/cameras/door", {"name": "x\u0000"}),
        ("PATCH", "/api/v1/groups/entrance", {"name": "x\u0000"}),
        ("POST", "/api/v1/users", {"name": "x\u0000", "password": "correct horse battery staple", "role": "viewer"}),
        ("POST", "/api/v1/tokens", {"name": "x\u0000", "role": "viewer"}),
        ("POST", "/api/v1/sources/test", {"url": "rtsp://127.0.0.1/\u0000"}),
        ("POST", "/api/v1/security/lockdown", {"reason": "x\u0000"}),
        ("PATCH", "/api/v1/settings", {"log": {"level": "x\u0000"}}),
        ("POST", "/api/v1/jobs", {"kind": "hide_faces", "inputs": ["/x\u0000"]}),
    ],
)
def test_nul_is_refused_everywhere(client: Client, method: str, path: str, body: Any) -> None:
    refused(client, method, path, json.dumps(body).encode(), "request.invalid", in_detail="NUL")


def test_a_raw_nul_is_no_json(client: Client) -> None:
    refused(client, "POST", "/api/v1/cameras", camera().replace(b"Front", b"Fr\x00nt"), "request.invalid")


@pytest.mark.parametrize("path", ["/api/v1/cameras/door%00", "/api/v1/events?camera_id=%00", "/api/v1/groups/%00"])
def test_nul_in_an_address_finds_nothing(client: Client, path: str) -> None:
    assert client.send("GET" if "groups" not in path else "DELETE", path).status in {200, 404, 422}


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 900, 100_000])
def test_json_that_is_too_deep_is_refused_by_name(client: Client, opening: bytes, levels: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    body = b'{"source": "demo:", "zones": ' + opening * levels + b"1" + closing * levels + b"}"
    refused(client, "POST", "/api/v1/cameras", body, "request.too_deep")


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"1" * 5000, b"1e-" + b"9" * 60]
)
def test_what_is_no_number_is_refused(client: Client, number: bytes) -> None:
    body = b'{"source": "demo:", "detect": {"min_score": ' + number + b"}}"
    refused(client, "POST", "/api/v1/cameras", body, "request.invalid", in_detail="number")


@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70)])
def test_numbers_beyond_64_bits_are_refused(client: Client, number: int) -> None:
    body = json.dumps({"source": "demo:", "decode": {"threads": number}}).encode()
    refused(client, "POST", "/api/v1/cameras", body, "request.invalid", in_detail="number")


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/audit", "/api/v1/jobs", "/api/v1/recordings"])
@pytest.mark.parametrize(
    "query", ["limit=1180591620717411303424", "limit=1e400", "since=NaN", "since=1e400", "limit=-1"]
)
def test_absurd_numbers_in_a_query_are_refused(client: Client, path: str, query: str) -> None:
    refused(client, "GET", f"{path}?{query}", b"", "request.invalid")


@pytest.mark.parametrize("how", ["declared", "in pieces"])
def test_a_body_over_the_limit_is_refused(client: Client, how: str) -> None:
    before = client.cameras()
    body = b'{"source": "demo:", "name": "' + b"x" * 1_100_000 + b'"}'
    line = http.client.HTTPConnection("127.0.0.1", client.server.port, timeout=60)
    sent = {"Content-Type": "application/json", **client.headers}
    if how == "declared":
        line.request("POST", "/api/v1/cameras", body, sent)
    else:
        line.request("POST", "/api/v1/cameras", iter([body[:600_000], body[600_000:]]), sent, encode_chunked=True)
    answer = line.getresponse()
    problem = json.loads(answer.read())
    line.close()
    assert (answer.status, problem["code"]) == (413, "request.too_large")
    assert client.cameras() == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"x"', b"7", b"\xff\xfe{}", '{"source": "demo:"}'.encode("utf-16")]
)
def test_what_is_no_object_is_refused(client: Client, body: bytes) -> None:
    refused(client, "POST", "/api/v1/cameras", body, "request.invalid")


@pytest.mark.parametrize(
    "body",
    [b'{"source": "demo:", "name": "\\ud800"}', b'{"source": "demo:", "\\udfff": 1}'],
)
def test_half_a_letter_is_refused(client: Client, body: bytes) -> None:
    refused(client, "POST", "/api/v1/cameras", body, "request.invalid", in_detail="half of a letter")


def test_thousands_of_wrong_fields_make_a_short_answer(client: Client) -> None:
    body = json.dumps({"name": "x", "password": "y", **{f"field-{number}" * 20: 1 for number in range(3000)}}).encode()
    answer = client.send("POST", "/api/v1/auth/login", body)
    assert answer.status == 422
    assert len(answer.body["detail"]) < 10_000


def test_a_name_of_an_account_that_looks_like_another_is_refused(client: Client) -> None:
    for name in (*BIDI, *ZERO_WIDTH[:3]):
        body = json.dumps({"name": name, "password": "correct horse battery staple", "role": "viewer"}).encode()
        refused(client, "POST", "/api/v1/users", body, "request.invalid")
    assert [user["name"] for user in client.send("GET", "/api/v1/users").body["items"]] == ["anna"]


def test_files_may_have_the_names_that_phones_give_them(client: Client) -> None:
    body = json.dumps({"kind": "hide_faces", "inputs": ["/nowhere/\u200eWhatsApp Video.mp4"]}).encode()
    answer = client.send("POST", "/api/v1/jobs/check", body)
    assert answer.body["code"] != "request.invalid"
