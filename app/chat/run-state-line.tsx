import type { Told } from "#app/chat/run-state.ts";

/** The state of the run in the header: a dot and a word. */
export function RunStateLine({ told }: { told: Told | null }) {
  return (
    <p className="run-state" role="status" data-tone={told?.tone}>
      {told?.label}
    </p>
  );
}
