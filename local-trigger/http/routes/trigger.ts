import { z } from "zod";
import type { RunEngine } from "../../runs/run-engine.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { forbidden } from "../errors.ts";
import type { Route } from "../router.ts";
import { allows } from "../scopes.ts";
import { requestKeyOf, tokenHeaders } from "../trigger-answer.ts";
import { inputOf, triggerOptions } from "../trigger-options.ts";

const triggerBody = z.looseObject({ payload: z.unknown().optional(), options: triggerOptions.optional() });

/** `tasks.trigger`, `triggerAndWait` and `useRealtimeTaskTrigger`. */
export function triggerRoutes({ runs, secretKey }: { runs: RunEngine; secretKey: string }): Route[] {
  return [
    {
      method: "POST",
      path: "/api/v1/tasks/:task/trigger",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const task = c.params.task ?? "";
        const resources = [{ type: "tasks", id: task }];
        if (!allows(c.credential, "trigger", resources) && !allows(c.credential, "write", resources))
          throw forbidden();
        const body = await readJson(c, triggerBody);
        const input = inputOf(task, body.payload, body.options ?? {}, requestKeyOf(c));
        const { run, isCached } = await runs.triggers.trigger(input);
        json(c, 200, { id: run.id, isCached }, await tokenHeaders(c, `read:runs:${run.id}`, secretKey));
      },
    },
  ];
}
