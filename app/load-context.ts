import "@remix-run/node";

declare module "@remix-run/node" {
  /** What the web host hands to every loader, action and render. */
  interface AppLoadContext {
    /** This response's nonce, which its Content-Security-Policy names. */
    nonce: string;
    /** The address of whoever asks. */
    ip: string;
  }
}
