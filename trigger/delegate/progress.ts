import { modelMessageSchema } from "ai";
import { z } from "zod";
import { delegateOutput } from "#app/shared/subtasks.ts";

/** Where a job stands: what the model has said and been told so far, and what the card shows. */
export const delegateProgress = z.object({
  messages: z.array(modelMessageSchema),
  steps: delegateOutput.shape.steps,
});
export type DelegateProgress = z.infer<typeof delegateProgress>;
