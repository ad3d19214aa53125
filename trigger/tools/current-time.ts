import { tool } from "ai";
import { currentTimeInput, currentTimeOutput } from "#app/shared/chat-tools.ts";
import { VisibleError } from "#trigger/model-error.ts";

/** The time as a person reads it; null when there is no such time zone. */
function localTime(now: Date, timeZone: string): string | null {
  try {
    return new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long", timeZone }).format(now);
  } catch {
    return null;
  }
}

export const currentTime = {
  sideEffect: false,
  ...tool({
    description: "The current date and time.",
    inputSchema: currentTimeInput,
    outputSchema: currentTimeOutput,
    execute: ({ timeZone = "UTC" }) => {
      const now = new Date();
      const local = localTime(now, timeZone);
      if (local === null)
        throw new VisibleError(`There is no time zone "${timeZone}". Use an IANA name such as Europe/Paris.`);
      return { iso: now.toISOString(), timeZone, local };
    },
  }),
};
