"""What the OpenAPI document promises is what the server does: schemathesis over every operation, by an administrator
and by a viewer of one camera. No 5xx, no status or body that is not in the document, no failure that is no problem.

`test_fuzz.py` in tests/e2e sends rougher things to a real server with workers; this is about the contract and who asks.
"""

import json
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import BaseSchema, Case, Response
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.guarded_server import GuardedServer, guarded_server

from popcam.core.access import Principal, Scope
from popcam.core.errors import all_errors
from popcam.server.app import ROUTERS

schemathesis.serializer.alias("application/sdp", "text/plain")
SHELL = Principal(via="shell", role="admin", name="shell")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

EXAMPLES = 4
BUDGET_S = 0.3
"""For one operation and person: what is slow to make or to answer gets fewer examples."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = "/mjpeg"
"""Of a camera that is there it never ends."""
PROBLEM = {"type", "title", "status", "detail", "instance", "code", "hint", "retryable", "request_id"}
CODES = {error.code for error in all_errors()}
OPERATIONS = [
    (method, route.path_format)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.include_in_schema
    for method in sorted(route.methods or ())
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    """With an administrator, and a viewer who is limited to one camera."""
    with guarded_server(tmp_path_factory.mktemp("schemathesis")) as server:
        server.add("anna", "admin")
        server.add("vera", "viewer", Scope(cameras=frozenset({"door"})))
        cast(FakeFleet, server.services.fleet).snapshots["door"] = b"\xff\xd8 a picture \xff\xd9"
        server.add("zoe", "operator")  # somebody for others to change and delete
        yield server


@pytest.fixture(scope="module")
def api(server: GuardedServer) -> BaseSchema:
    """The server's own document. Without the ways to sign in: schemathesis would make up logins of its own."""
    answer = requests.get(f"{server.url}/api/openapi.json", headers=server.sign_in("anna"), timeout=100)
    document = answer.json()
    document["components"].pop("securitySchemes", None)
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    document.pop("security", None)
    return from_dict(document)


@pytest.fixture(scope="module")
def line() -> Iterator[requests.Session]:
    """One connection for all."""
    with requests.Session() as line:
        yield line


@pytest.mark.parametrize("who", ["anna", "vera"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_the_server_does_what_its_document_says(
    server: GuardedServer, api: BaseSchema, line: requests.Session, method: str, path: str, who: str
) -> None:
    headers = server.sign_in(who)  # anew: the operation before may have ended it
    known = {"camera_id": "door", "name": "entrance", "user_id": server.people["zoe"].user_id, "code": "audit.broken"}
    end_s = time.monotonic() + BUDGET_S

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[path][method].as_strategy(), of_known=booleans())
    def ask(case: Case[Any], of_known: bool) -> None:
        if time.monotonic() > end_s:
            return
        if of_known and not path.endswith(ENDLESS):  # or nearly all would end as 404
            case.path_parameters = {
                **case.path_parameters,
                **{key: known[key] for key in case.path_parameters if key in known},
            }
        answer = case.call(base_url=server.url, headers=headers, session=line, timeout=60)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert problem_fault(answer) == "", case.as_curl_command()

    ask()
    if server.security.lockdown.state.on:
        server.run(lambda: server.security.lockdown.end(SHELL))


def problem_fault(answer: Response) -> str:
    """What is missing from a failure's answer, or nothing."""
    kind = answer.headers.get("content-type", [""])[0]
    if kind != "application/problem+json":
        return f"content type {kind}"
    problem = json.loads(answer.content)
    if missing := PROBLEM - set(problem):
        return f"without {missing}"
    if problem["code"] not in CODES or problem["status"] != answer.status_code:
        return f"code {problem['code']}, status {problem['status']} for {answer.status_code}"
    return "" if problem["title"] and problem["hint"] else "without words"
