/** What the browser tells about the page; a test has its own. */
export type PageSignals = {
  hidden: () => boolean;
  online: () => boolean;
  /** Returns the function that stops watching. */
  watch: (listener: PageListener) => () => void;
};

export type PageListener = {
  /** Shown again, back on the network, or out of the back-forward cache. `stale`: what is open is likely dead. */
  onWake: (stale: boolean) => void;
  onHidden: () => void;
  onOffline: () => void;
};

/** Longer than this in the background, and the system has probably taken the connection away. */
const STALE_AFTER_MS = 30_000;

/** The signals of the page that this code runs in; outside a browser it is always shown and online. */
export function browserSignals(): PageSignals {
  const inBrowser = typeof document !== "undefined" && typeof window !== "undefined";
  return {
    hidden: () => inBrowser && document.visibilityState === "hidden",
    online: () => !inBrowser || navigator.onLine,
    watch: (listener) => (inBrowser ? watchBrowser(listener) : () => undefined),
  };
}

function watchBrowser({ onWake, onHidden, onOffline }: PageListener): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let hiddenSince: number | null = null;
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "hidden") {
        hiddenSince = Date.now();
        onHidden();
        return;
      }
      const stale = hiddenSince !== null && Date.now() - hiddenSince > STALE_AFTER_MS;
      hiddenSince = null;
      onWake(stale);
    },
    { signal },
  );
  window.addEventListener("online", () => onWake(true), { signal });
  window.addEventListener("offline", onOffline, { signal });
  window.addEventListener("pageshow", (event) => event.persisted && onWake(true), { signal });
  return () => controller.abort();
}
