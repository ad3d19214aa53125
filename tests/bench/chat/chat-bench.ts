import { startApp, type App } from "../../support/app.ts";
import { startScriptedModel, type ScriptedModel } from "../../support/scripted-model.ts";

/** A whole application whose model is a script. */
export interface ChatBench {
  app: App;
  model: ScriptedModel;
  stop: () => Promise<void>;
}

export async function startChatBench(env: Record<string, string> = {}): Promise<ChatBench> {
  const model = await startScriptedModel();
  const app = await startApp({ env: { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl, ...env } });
  return {
    app,
    model,
    stop: async () => {
      await app.stop();
      await model.stop();
    },
  };
}
