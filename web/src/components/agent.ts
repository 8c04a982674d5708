/** What a browser calls itself, in a few words. Pure. */

/** In this order: most browsers also name those that they descend from. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\/|\bEdgiOS\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bMicroMessenger\//, "WeChat"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bHeadlessChrome\/|\bChrome\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^(curl|python-httpx|Wget)\b/, "$1"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b|\biPad\b/, "iOS"],
  [/\bHarmonyOS\b/, "HarmonyOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** Such as "Firefox · Windows"; the text itself when nothing is known of it. */
export function describeAgent(agent: string): string {
  const browser = find(BROWSERS, agent);
  const system = find(SYSTEMS, agent);
  const told = [browser, system].filter((part) => part !== "").join(" · ");
  return told || agent.slice(0, 60);
}

export const isPhone = (agent: string) => /\bMobile\b|\biPhone\b|\bAndroid\b/.test(agent);

function find(known: readonly (readonly [RegExp, string])[], agent: string): string {
  for (const [pattern, name] of known) {
    const match = pattern.exec(agent);
    if (match) return name === "$1" ? (match[1] ?? "") : name;
  }
  return "";
}
