/** While an answer runs, a browser without scripts goes to the page whose document goes on with it. */
export function WithoutScripts({ chatId }: { chatId: string }) {
  return (
    <noscript>
      <meta httpEquiv="refresh" content={`1;url=/chats/${chatId}/live`} />
    </noscript>
  );
}
