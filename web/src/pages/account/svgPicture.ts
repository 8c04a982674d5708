/** An SVG of the server as the address of an `<img>`: there it can't run scripts. Pure. */
export function svgPicture(svg: string): string {
  // Inside HTML the namespace may be left out; as a picture of its own it may not.
  const whole = /^<svg[^>]*\sxmlns=/.test(svg) ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  return `data:image/svg+xml,${encodeURIComponent(whole)}`;
}
