/** Services that take messages, with the form of their address. All that Apprise knows can be written by hand. */
export interface Service {
  readonly key: string;
  /** Shown in the field as an example. */
  readonly example: string;
}

export const SERVICES: readonly Service[] = [
  { key: "mail", example: "mailtos://user:password@smtp.example.com?to=you@example.com" },
  { key: "webhook", example: "jsons://example.com/hooks/popcam" },
  { key: "ntfy", example: "ntfys://ntfy.sh/my-topic" },
  { key: "telegram", example: "tgram://bot-token/chat-id" },
  { key: "wecom", example: "wecombot://bot-key" },
  { key: "dingtalk", example: "dingtalk://secret@token" },
  { key: "feishu", example: "feishu://token" },
  { key: "bark", example: "barks://api.day.app/device-key" },
  { key: "mqtt", example: "mqtt://broker.local/popcam/alerts" },
  { key: "other", example: "" },
];

/** The id of a channel, made from its name; the server takes letters, digits and dashes. */
export function channelId(name: string, taken: readonly string[]): string {
  const base = name.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 56) || "channel";
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? base : `${base}-${String(number)}`;
    if (!taken.includes(id)) return id;
  }
}
