/** What forms ask of a chat's branches. */
export const BRANCH_INTENTS = ["edit", "again", "show", "undo", "restore", "fork"] as const;

/** What forms ask of a message that waits. */
export const QUEUE_INTENTS = ["withdraw", "steer", "revise"] as const;

const OWN_CHAT = ["send", "stop", "model", "words", "decide", "vote", "rename", "delete"] as const;

/**
 * What the forms of each action can ask for. The actions switch on these lists, and the tests of foreign ids and of
 * hostile forms go through them: whoever adds one is asked for its form there.
 */
export const INTENTS = {
  "routes/chats.$chatId": [...BRANCH_INTENTS, ...QUEUE_INTENTS, ...OWN_CHAT],
  "routes/chats.$chatId.queue": QUEUE_INTENTS,
  "routes/settings": [
    "profile",
    "model",
    "theme",
    "password",
    "end-sign-in",
    "end-others",
    "email",
    "connect",
    "disconnect",
    "delete",
  ],
  "routes/admin": ["disable", "enable", "make-admin", "make-member", "invite", "revoke"],
} as const;

/** Which of an action's intents a form has; null: none of them. */
export function intentOf<Route extends keyof typeof INTENTS>(
  route: Route,
  form: FormData,
): (typeof INTENTS)[Route][number] | null {
  const asked = form.get("intent");
  return INTENTS[route].find((intent) => intent === asked) ?? null;
}
