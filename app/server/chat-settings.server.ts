import { changeChat, rememberModel, type ChatChange } from "#app/models/chat-settings.server.ts";
import { chatOfRun } from "#app/models/chat.server.ts";
import { spentOnChat } from "#app/models/usage.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { chosenModel, modelChoice } from "#app/server/model-choice.server.ts";
import { askRun } from "#app/server/start-chat.server.ts";
import { chatSettingsForm, type ShownSettings } from "#app/shared/chat-settings.ts";

type Chat = { userId: string; chatId: string };
type Outcome = "changed" | "missing" | { error: string };

/** What the panel of a chat whose owner was checked shows; null when it is gone. */
export async function shownSettings(chatId: string): Promise<ShownSettings | null> {
  const chat = await chatOfRun(chatId);
  if (!chat) return null;
  const { model, systemPrompt, temperature, secondLook } = chat;
  const [choice, spent] = await Promise.all([modelChoice(model), spentOnChat(chatId)]);
  return { systemPrompt, temperature, secondLook, choice, spent };
}

/** Another model from the next turn on; the person's next new chat begins with it too. */
export async function pickModel(chat: Chat, wanted: FormDataEntryValue | null): Promise<Outcome> {
  const chosen = await chosenModel(wanted);
  if ("error" in chosen) return chosen;
  const outcome = await change(chat, { model: chosen.model });
  if (outcome === "changed") await rememberModel(chat.userId, { lastModel: chosen.model });
  return outcome;
}

/** Instructions and temperature, from the next turn on. */
export async function setWords(chat: Chat, form: FormData): Promise<Outcome> {
  const parsed = parseSettings(form);
  return "error" in parsed ? parsed : change(chat, parsed);
}

/** The fields of a form that has them; those that it has not are left as they are. */
function parseSettings(form: FormData): ChatChange | { error: string } {
  const parsed = chatSettingsForm.safeParse(Object.fromEntries(form));
  if (parsed.success) return parsed.data;
  return { error: parsed.error.issues[0]?.message ?? "This form could not be read." };
}

async function change(chat: Chat, wanted: ChatChange): Promise<Outcome> {
  if (!(await changeChat(chat, wanted))) return "missing";
  try {
    // Pages that are open elsewhere look again.
    await askRun(chat.chatId, { type: "look" }, `look-${crypto.randomUUID()}`);
  } catch (error) {
    log("warn", "others-not-told", { chatId: chat.chatId, ...describeError(error) });
  }
  return "changed";
}

/** What the form of a new chat sets for it, remembered as the person's last choice. */
export async function newChatSettings(
  userId: string,
  form: FormData,
): Promise<ChatChange | { error: string }> {
  const settings = parseSettings(form);
  if ("error" in settings || !form.has("model")) return settings;
  const chosen = await chosenModel(form.get("model"));
  if ("error" in chosen) return chosen;
  await rememberModel(userId, { lastModel: chosen.model });
  return { ...settings, model: chosen.model };
}
