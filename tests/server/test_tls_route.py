"""The authority that phones install is there for everybody, and only where there is one."""

from tests.server.conftest import Rig

from popcam.security.certificate_files import LocalAuthority
from popcam.security.certificates import Called


async def test_without_one_it_is_not_found(rig: Rig) -> None:
    answer = await rig.client.get("/api/v1/security/ca.pem")
    assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


async def test_a_phone_gets_a_certificate_and_no_key(rig: Rig) -> None:
    local = LocalAuthority(rig.services.options.data_dir / "tls")
    local.ensure(Called(frozenset({"localhost"}), frozenset()))
    answer = await rig.client.get("/api/v1/security/ca.pem")
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content == local.public_file.read_bytes()
    assert b"PRIVATE" not in answer.content
