import { useNonce } from "#app/ui/nonce.tsx";

const TO_END =
  '{const s=document.currentScript.parentElement.querySelector(".scroll");s.scrollTop=s.scrollHeight}';

/**
 * The first HTML is at the end of its conversation at once, and does not jump there when the page's scripts are live.
 * Stands behind all that takes room from the conversation.
 */
export function BeginAtEnd() {
  return <script nonce={useNonce()} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: TO_END }} />;
}
