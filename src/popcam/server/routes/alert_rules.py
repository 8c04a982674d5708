"""/api/v1/alert-rules: when alerts begin, who is told, and what is done about them."""

from typing import Annotated

from fastapi import Body, Depends, Header, Path, Request, Response

from popcam.alerts.rules import Rule, document_of
from popcam.core.access import Permission
from popcam.core.alerts import ID_PATTERN, AlertRuleSpec
from popcam.core.errors import (
    AlertRuleBuiltinError,
    AlertRuleChangedError,
    AlertRuleExistsError,
    AlertRuleFixedError,
    AlertRuleInvalidError,
    AlertRuleNotFoundError,
    DatabaseError,
    NotFoundError,
    RequestInvalidError,
)
from popcam.core.language import Language
from popcam.server import alert_examples, alert_schemas, examples
from popcam.server.clean_text import check_text
from popcam.server.etags import etag, expected_version
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.secured import note
from popcam.server.services import Reader, Use
from popcam.server.watched_over import Alerts

router = Router(prefix="/api/v1/alert-rules", tags=["alerts"])

DAY_S = 86_400.0
LONGEST_TRY_S = 31 * DAY_S
RuleId = Annotated[str, Path(description="Id of the rule.", pattern=ID_PATTERN)]
Spec = Annotated[AlertRuleSpec, Body(openapi_examples=alert_examples.SPEC_IN)]
CHANGE_ERRORS = (
    AlertRuleNotFoundError,
    AlertRuleFixedError,
    AlertRuleChangedError,
    RequestInvalidError,
    NotFoundError,
    DatabaseError,
)


async def _expected(
    if_match: Annotated[str | None, Header(description="The `ETag` that this change is based on.")] = None,
) -> str | None:
    return expected_version(if_match)


Expected = Annotated[str | None, Depends(_expected)]


@router.get(
    "",
    dependencies=[needs(Permission.VIEW)],
    summary="All alert rules",
    responses={200: examples.of(alert_examples.RULES), **responses(NotFoundError)},
)
async def list_alert_rules(alerts: Alerts, language: Reader) -> alert_schemas.AlertRuleList:
    """Rules that are built in, of the settings file, and made in the console, by id."""
    problems, counts = alerts.rules.problems(), _counts(alerts)
    return alert_schemas.AlertRuleList(
        items=[
            alert_schemas.rule_of(rule, problems.get(rule.rule_id, []), counts.get(rule.rule_id, (0, 0)), language)
            for rule in alerts.rules.all()
        ]
    )


@router.post(
    "",
    dependencies=[needs(Permission.MANAGE, action="alert_rule.create")],
    summary="Add an alert rule",
    status_code=201,
    responses={
        201: examples.of(alert_examples.RULE),
        **responses(AlertRuleExistsError, AlertRuleInvalidError, RequestInvalidError, NotFoundError, DatabaseError),
    },
)
async def create_alert_rule(
    wanted: Annotated[alert_schemas.AlertRuleIn, Body(openapi_examples=alert_examples.RULE_IN)],
    alerts: Alerts,
    who: Who,
    request: Request,
    response: Response,
    language: Reader,
) -> alert_schemas.AlertRuleOut:
    """Add a rule. It is in force from the next second on."""
    check_text(document_of(wanted.spec))
    rule_id = wanted.id or alerts.rules.free_id(wanted.spec.name)
    note(request, f"alert_rule:{rule_id}")
    rule = await alerts.rules.create(rule_id, wanted.spec, who.name)
    note(request, f"alert_rule:{rule_id}", None, document_of(rule.spec))
    response.headers["Location"] = f"/api/v1/alert-rules/{rule_id}"
    return _told(alerts, rule, language, response)


@router.post(
    "/try",
    dependencies=[needs(Permission.MANAGE, action="alert_rule.try")],
    summary="Try an alert rule",
    responses={
        200: examples.of(alert_examples.TRIED),
        **responses(AlertRuleInvalidError, RequestInvalidError, NotFoundError, DatabaseError),
    },
)
async def try_alert_rule(
    wanted: Annotated[alert_schemas.AlertRuleTryIn, Body(openapi_examples=alert_examples.TRY_IN)],
    alerts: Alerts,
    services: Use,
    language: Reader,
) -> alert_schemas.AlertRuleTriedOut:
    """When a rule would have fired, by the figures, changes of checks and events that are kept. Nothing is saved, and
    nobody is told. Schedules count as they would have."""
    alerts.rules.check(wanted.spec)
    now_s = services.clock.unix_s()
    until_s = now_s if wanted.until_unix_s is None else min(now_s, wanted.until_unix_s)
    since_s = until_s - DAY_S if wanted.since_unix_s is None else wanted.since_unix_s
    if not since_s < until_s:
        raise RequestInvalidError("body.since_unix_s: after the end", "body.since_unix_s：晚于结束时间")
    if until_s - since_s > LONGEST_TRY_S:
        raise RequestInvalidError(
            "body.since_unix_s: 31 days before the end at most", "body.since_unix_s：最多为结束前 31 天"
        )
    return alert_schemas.tried_of(await alerts.try_rule(wanted.spec, since_s, until_s), language)


@router.get(
    "/{rule_id}",
    dependencies=[needs(Permission.VIEW)],
    summary="One alert rule",
    responses={200: examples.of(alert_examples.RULE), **responses(AlertRuleNotFoundError, NotFoundError)},
)
async def get_alert_rule(
    rule_id: RuleId, alerts: Alerts, response: Response, language: Reader
) -> alert_schemas.AlertRuleOut:
    """One rule, its version in `ETag`."""
    return _told(alerts, alerts.rules.get(rule_id), language, response)


@router.put(
    "/{rule_id}",
    dependencies=[needs(Permission.MANAGE, action="alert_rule.update")],
    summary="Change an alert rule",
    responses={200: examples.of(alert_examples.RULE), **responses(*CHANGE_ERRORS, AlertRuleInvalidError)},
)
async def replace_alert_rule(
    rule_id: RuleId,
    spec: Spec,
    alerts: Alerts,
    who: Who,
    request: Request,
    response: Response,
    language: Reader,
    expected: Expected,
) -> alert_schemas.AlertRuleOut:
    """Change a rule; of a built-in one a changed copy is kept, until it is deleted. Alerts of it that stand go on where
    the new condition holds, too. With `If-Match` it is refused (412) when somebody was faster."""
    check_text(document_of(spec))
    before = alerts.rules.get(rule_id).spec
    note(request, f"alert_rule:{rule_id}", document_of(before))
    rule = await alerts.rules.replace(rule_id, spec, who.name, expected=expected)
    note(request, f"alert_rule:{rule_id}", document_of(before), document_of(spec))
    return _told(alerts, rule, language, response)


@router.delete(
    "/{rule_id}",
    dependencies=[needs(Permission.MANAGE, action="alert_rule.delete")],
    summary="Delete an alert rule",
    status_code=204,
    responses=responses(*CHANGE_ERRORS, AlertRuleBuiltinError),
)
async def delete_alert_rule(rule_id: RuleId, alerts: Alerts, request: Request, expected: Expected) -> None:
    """Delete a rule; its alerts end. A built-in rule that was changed is as it was built in again; one that was not is
    switched off instead (`enabled`)."""
    note(request, f"alert_rule:{rule_id}", document_of(alerts.rules.get(rule_id).spec))
    await alerts.rules.remove(rule_id, expected=expected)


def _counts(alerts: Alerts) -> dict[str, tuple[int, int]]:
    """Alerts that are pending and that fire, by rule."""
    found: dict[str, tuple[int, int]] = {}
    for alert in alerts.alerts():
        pending, firing = found.get(alert.key.rule_id, (0, 0))
        found[alert.key.rule_id] = (pending + (alert.state == "pending"), firing + (alert.state == "firing"))
    return found


def _told(alerts: Alerts, rule: Rule, language: Language, response: Response) -> alert_schemas.AlertRuleOut:
    response.headers["ETag"] = etag(rule.version)
    problems = alerts.rules.problems_of(rule.spec)
    return alert_schemas.rule_of(rule, problems, _counts(alerts).get(rule.rule_id, (0, 0)), language)
