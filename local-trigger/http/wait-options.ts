import { z } from "zod";
import { momentAfter } from "../runs/duration.ts";

const tags = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === "string" ? [value] : value))
  .optional();
/** Options of every wait. */
export const keyOptions = {
  tags,
  idempotencyKey: z.string().max(2048).optional(),
  idempotencyKeyTTL: z.string().optional(),
};
const timeout = z
  .string()
  .refine((value) => momentAfter(value) !== null, "is neither a duration such as 30s nor a date")
  .optional();
/** Options of a wait that may time out. */
export const waitOptions = { timeout, ...keyOptions };
