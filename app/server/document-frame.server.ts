/**
 * What a written page may do: run what stands in it. It has an origin of its own that nothing else has, so no cookie
 * and no storage, and it reaches no network; the page around it lets it go nowhere else (`frame-src`).
 */
export const FRAME_POLICY = [
  "sandbox allow-scripts",
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval'",
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "media-src data: blob:",
  "font-src data:",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
].join("; ");

/** What no policy holds back in every browser, taken away before the document's own scripts run. */
const PRELUDE =
  "<script>for(const name of ['RTCPeerConnection','webkitRTCPeerConnection','RTCDataChannel','WebTransport'])" +
  "try{Object.defineProperty(globalThis,name,{value:undefined,writable:false,configurable:false})}catch{}" +
  "document.currentScript.remove()</script>";

const DOCTYPE = /^\s*<!doctype[^>]*>/i;

/** The written page as the frame gets it. */
export function framePage(html: string): string {
  const doctype = DOCTYPE.exec(html)?.[0] ?? "";
  return `${doctype || "<!doctype html>"}${PRELUDE}${html.slice(doctype.length)}`;
}
