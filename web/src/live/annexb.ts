/** Just enough of H.264 (ITU-T H.264, annex B and section 7.3.2.1) to configure a decoder. */

const NAL_SPS = 7;

/** The codec string (RFC 6381) from the first sequence parameter set of an access unit, or null when it holds none.
 *
 * `avc1.` and three bytes in hexadecimal: profile, constraint flags, level. They follow the header byte of the set.
 */
export function codecString(accessUnit: Uint8Array): string | null {
  for (let at = 0; at + 6 < accessUnit.length; at++) {
    const isStart = accessUnit[at] === 0 && accessUnit[at + 1] === 0 && accessUnit[at + 2] === 1;
    if (!isStart || ((accessUnit[at + 3] ?? 0) & 0x1f) !== NAL_SPS) continue;
    const bytes = accessUnit.subarray(at + 4, at + 7);
    return "avc1." + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return null;
}
