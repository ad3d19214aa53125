import { tool } from "ai";
import { runJavaScriptInput, runJavaScriptOutput } from "#app/shared/chat-tools.ts";
import { runScript } from "#trigger/tools/sandbox/run-script.ts";

export const runJavaScript = {
  sideEffect: false,
  ...tool({
    description:
      "Run a script of JavaScript, to work something out or to try code. It can reach nothing outside of itself.",
    inputSchema: runJavaScriptInput,
    outputSchema: runJavaScriptOutput,
    execute: ({ code }, { abortSignal }) => runScript(code, abortSignal),
  }),
};
