import { env } from "#app/env.server.ts";
import { StallWatch } from "#trigger/stall-watch.ts";

/** Watches one call of a model, for as long as whoever runs this Longrun lets it be silent, and go on. */
export function watchModel(): StallWatch {
  const { MODEL_SILENCE_SECONDS, MODEL_ANSWER_SECONDS } = env();
  return new StallWatch(MODEL_SILENCE_SECONDS * 1000, MODEL_ANSWER_SECONDS * 1000);
}
