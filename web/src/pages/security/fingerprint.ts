/** The SHA-256 fingerprint of a certificate in PEM, as other programs show it: `AB:CD:…`. Empty where the browser computes
 * none, which it does on secure pages only. */
export async function fingerprintOf(pem: string): Promise<string> {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(pem)?.[1]?.replace(/\s/g, "");
  if (!base64 || !isSecureContext) return "";
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}
