import { tool } from "ai";
import { calculateInput, calculateOutput } from "#app/shared/chat-tools.ts";
import { evaluate } from "#trigger/tools/calculator/evaluate.ts";

export const calculate = {
  sideEffect: false,
  ...tool({
    description: "Reckon exactly. Use it for every calculation that is not trivial.",
    inputSchema: calculateInput,
    outputSchema: calculateOutput,
    execute: ({ expression }) => ({ result: evaluate(expression) }),
  }),
};
