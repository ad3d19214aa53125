import { ScrollText } from "lucide-react";
import type { Summary } from "#app/shared/summary.ts";

/** Up to here the model is told a summary. It opens without scripts too. */
export function SummaryMark({ summary }: { summary: Summary }) {
  const { messages, text } = summary;
  return (
    <details className="summary-mark" data-summary-through={summary.throughId}>
      <summary>
        <ScrollText size={14} aria-hidden />
        <span>Earlier messages were summarised for the model ({messages} messages)</span>
      </summary>
      <div className="summary-text">
        <p className="note">You still see every word above. The model is told this instead:</p>
        <p>{text}</p>
      </div>
    </details>
  );
}
