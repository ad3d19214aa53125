import type { Spent } from "#app/shared/chat-settings.ts";
import { formatCost } from "#app/shared/money.ts";

const count = new Intl.NumberFormat("en");

/** What a chat has cost so far, its titles and other branches included. */
export function SpentLine({ spent }: { spent: Spent }) {
  if (spent.calls === 0) return null;
  const { inputTokens, outputTokens } = spent;
  return (
    <p className="note" data-spent>
      This chat so far: {count.format(inputTokens)} tokens in, {count.format(outputTokens)} out.{" "}
      {costSentence(spent)}
    </p>
  );
}

function costSentence({ calls, costMicros, unpriced, estimated }: Spent): string {
  if (unpriced === calls) return "Its cost is not known.";
  const known = `${estimated ? "About " : ""}${formatCost(costMicros)}`;
  if (unpriced === 0) return `${known}.`;
  return `${known}, and ${count.format(unpriced)} ${unpriced === 1 ? "call" : "calls"} of unknown cost.`;
}
