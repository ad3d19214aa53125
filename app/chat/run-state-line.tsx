import type { Told } from "#app/chat/run-state.ts";

/** The state of the run in the header: a dot and a word. */
export function RunStateLine({ told }: { told: Told | null }) {
  return (
    <output className="run-state" data-tone={told?.tone}>
      {told?.label}
    </output>
  );
}
