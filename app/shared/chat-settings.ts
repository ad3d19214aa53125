import { z } from "zod";
import type { ModelChoice } from "#app/shared/model-option.ts";

export const MAX_SYSTEM_PROMPT = 8_000;

/** What the owner of a chat has set for it. */
export type ChatSettings = {
  /** What the model is told in every turn; null: nothing of the owner's own. */
  systemPrompt: string | null;
  /** 0 to 2; null: as the provider has it. */
  temperature: number | null;
  /** After each answer a model looks over it, and the next one is told what to mind. */
  secondLook: boolean;
};

/** What all calls of models for a chat have used so far. */
export type Spent = {
  calls: number;
  inputTokens: number;
  outputTokens: number;
  /** Millionths of a US dollar, of the calls whose cost is known. */
  costMicros: number;
  /** So many calls have no known cost. */
  unpriced: number;
  /** Some of the cost is a guess: its calls were cut off. */
  estimated: boolean;
};

/** The settings as the page shows them. */
export type ShownSettings = ChatSettings & { choice: ModelChoice; spent: Spent };

const systemPrompt = z
  .string()
  // A form sends every line break as CR LF; what was typed has LF. Postgres refuses U+0000.
  .transform((value) => value.replace(/\r\n?/g, "\n").replaceAll("\u0000", "\uFFFD").trim() || null)
  .refine(
    (value) => value === null || value.length <= MAX_SYSTEM_PROMPT,
    `These instructions are too long. Shorten them to ${MAX_SYSTEM_PROMPT.toLocaleString("en")} characters.`,
  );

const OUTSIDE = "The temperature is a number from 0 to 2, or empty.";

const temperature = z
  .string()
  .trim()
  .transform((value, context) => {
    if (value === "") return null;
    const number = Number(value.replace(",", "."));
    if (number >= 0 && number <= 2) return number;
    context.addIssue({ code: "custom", message: OUTSIDE });
    return z.NEVER;
  });

/** As a form sends them: a field that is not there leaves what is stored. */
export const chatSettingsForm = z.object({
  systemPrompt: systemPrompt.optional(),
  temperature: temperature.optional(),
  /** A form without a tick sends the empty field that stands before it. */
  secondLook: z
    .enum(["", "on"])
    .transform((value) => value === "on")
    .optional(),
});
