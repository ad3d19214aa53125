import { tool } from "ai";
import { askUserInput, askUserOutput } from "#app/shared/chat-tools.ts";

/** Has no execute: the turn ends with the question, and the person's answer begins the next one. */
export const askUser = {
  ...tool({
    description:
      "Ask the person a question with choices, when you cannot go on without their decision. One question a call; " +
      "write nothing after it.",
    inputSchema: askUserInput,
    outputSchema: askUserOutput,
  }),
  sideEffect: false,
};
