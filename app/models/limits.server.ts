import { env } from "#app/env.server.ts";
import type { Limits } from "#app/models/turn.server.ts";

/** The limits of this installation. */
export function ownLimits(): Limits {
  const set = env();
  return {
    answersPerMinute: set.LIMIT_ANSWERS_PER_MINUTE,
    answersPerDay: set.LIMIT_ANSWERS_PER_DAY,
    answersAtOnce: set.LIMIT_ANSWERS_AT_ONCE,
    tokensPerDay: set.LIMIT_TOKENS_PER_DAY,
    costMicrosPerDay: Math.round(set.LIMIT_COST_PER_DAY * 1_000_000),
  };
}
