import { useEffect, useRef, type RefObject } from "react";

/** Only scripts: the document has no origin, so nothing of the page is its own, and it opens and leads nowhere. */
export const FRAME_SANDBOX = "allow-scripts";

/**
 * A frame with a document of `/frames`, which may ask no other host for anything. It says when it listens, is then told
 * what to show, and again when that changes; `onAnswer` gets the rest of what it says, which nobody has checked.
 */
export function useFrame(show: object, onAnswer: (answer: unknown) => void): RefObject<HTMLIFrameElement> {
  const frame = useRef<HTMLIFrameElement>(null);
  const listens = useRef(false);
  const latest = useRef({ show, onAnswer });
  const told = JSON.stringify(show);
  useEffect(() => {
    latest.current = { show, onAnswer };
  });
  useEffect(() => {
    const onMessage = ({ source, data }: MessageEvent<unknown>) => {
      const target = frame.current?.contentWindow;
      if (!target || source !== target) return;
      if (data !== "ready") return latest.current.onAnswer(data);
      listens.current = true;
      target.postMessage(latest.current.show, "*");
    };
    addEventListener("message", onMessage);
    return () => removeEventListener("message", onMessage);
  }, []);
  useEffect(() => {
    if (listens.current) frame.current?.contentWindow?.postMessage(latest.current.show, "*");
  }, [told]);
  return frame;
}
