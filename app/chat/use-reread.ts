import { useRevalidator } from "@remix-run/react";
import { useCallback, useEffect } from "react";

/** One page has one router, whoever asks it. */
const reading = { now: false, again: false };

/**
 * Reads the page's data again. What is being read is never cut off by the next call, which waits for its end:
 * the router would drop the answer and complain in the console.
 */
export function useReread(): () => void {
  const { revalidate, state } = useRevalidator();
  useEffect(() => {
    reading.now = state !== "idle";
    if (reading.now || !reading.again) return;
    reading.again = false;
    reading.now = true;
    revalidate();
  }, [state, revalidate]);
  return useCallback(() => {
    if (reading.now) {
      reading.again = true;
      return;
    }
    reading.now = true;
    revalidate();
  }, [revalidate]);
}
