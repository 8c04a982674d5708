/** What can be done about an alert, wherever it is shown. */
import type { AlertOut, Matcher, Silence } from "../../api/alerts";
import { sendJson } from "../../api/client";
import { hearAlert } from "../../state/alerts";

const pathOf = ({ rule_id, subject }: AlertOut) => `/api/v1/alerts/${encodeURIComponent(rule_id)}/${encodeURIComponent(subject || NO_SUBJECT)}`;
/** An address can't have an empty part. */
const NO_SUBJECT = "-";

/** Somebody has seen it: it is not told again. */
export async function acknowledge(alert: AlertOut): Promise<AlertOut> {
  const { body } = await sendJson<AlertOut>("POST", `${pathOf(alert)}/acknowledge`);
  hearAlert(body);
  return body;
}

/** Nobody is told of it for a while. */
export async function mute(alert: AlertOut, seconds: number, reason: string): Promise<Silence> {
  const now = Date.now() / 1000;
  const matchers = matchersOf({ rule: alert.rule_id, subject: alert.subject });
  const { body } = await sendJson<Silence>("POST", "/api/v1/silences", { matchers, reason, ends_unix_s: now + seconds });
  hearAlert({ ...alert, silenced_by: body.id });
  return body;
}

/** Matchers of what was chosen; what is empty chooses everything. */
export function matchersOf(chosen: Readonly<Record<string, string>>): readonly Matcher[] {
  return Object.entries(chosen).flatMap(([label, value]) => (value === "" ? [] : [{ label, value, negate: false }]));
}
