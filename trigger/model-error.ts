import { APICallError, LoadAPIKeyError, RetryError } from "ai";
import { AnswerTooLong } from "#trigger/bounded-fetch.ts";
import { DemoFailure } from "#trigger/demo-model.ts";
import { ModelChoiceError, type ResolvedModel } from "#trigger/models.ts";

/** An error whose message is a plain sentence for the person. */
export class VisibleError extends Error {}

const KEY_VARIABLE: Record<string, string> = {
  "openai-compatible": "OPENAI_COMPATIBLE_API_KEY",
  ollama: "OLLAMA_BASE_URL",
};

const NETWORK_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
]);

/** The error and what caused it, outermost first; an AggregateError's first error counts as its cause. */
function chain(error: unknown): unknown[] {
  const found: unknown[] = [];
  let current = error;
  while (current instanceof Error && found.length < 8) {
    found.push(current);
    if (RetryError.isInstance(current)) current = current.lastError;
    else if (current instanceof AggregateError) current = current.errors[0];
    else current = current.cause;
  }
  return found;
}

const isNetworkFault = (error: unknown): boolean =>
  error instanceof Error &&
  (("code" in error && NETWORK_CODES.has(String(error.code))) || error.message === "terminated");

function ofStatus(status: number, message: string, model: ResolvedModel): string {
  const { id, access } = model;
  const variable = KEY_VARIABLE[model.provider] ?? access?.variable ?? "its key";
  if (status === 401 || status === 403) return `The provider of ${id} refused the key. Check ${variable}.`;
  if (status === 404)
    return `The provider does not have the model ${id}. Choose another model or correct DEFAULT_MODEL.`;
  if (status === 402) return `The account for ${id} has no credit left. Add some, or choose another model.`;
  if (status === 429)
    return `${id} takes no more requests at the moment (rate limit). Wait a little and try again.`;
  if (status === 413 || /context.{0,20}(length|window|size)|too (many tokens|long)/i.test(message)) {
    return `This conversation is too long for ${id}. Start a new chat, or choose a model that takes more.`;
  }
  if (status >= 500) return `The provider of ${id} has a fault (status ${status}). Try again in a moment.`;
  return `The provider of ${id} refused the request (status ${status}). Try again, or choose another model.`;
}

/** A plain sentence that says what failed and what to do. Never holds a stack, a key or the provider's own text. */
export function explainModelError(error: unknown, model: ResolvedModel): string {
  const errors = chain(error);
  const spoken = errors.find(
    (one) =>
      one instanceof VisibleError ||
      one instanceof AnswerTooLong ||
      one instanceof DemoFailure ||
      one instanceof ModelChoiceError,
  );
  if (spoken instanceof Error) return spoken.message;
  const call = errors.find((one) => APICallError.isInstance(one));
  // Below 400 it is an answer whose body broke off.
  if (call?.statusCode && call.statusCode >= 400)
    return ofStatus(call.statusCode, `${call.message} ${call.responseBody ?? ""}`, model);
  if (errors.some((one) => LoadAPIKeyError.isInstance(one))) return ofStatus(401, "", model);
  if (errors.some(isNetworkFault) || call) {
    const { access } = model;
    const where = access ? ` at ${new URL(access.baseUrl).origin}` : "";
    return `The model server${where} cannot be reached, or broke the connection. Check that it runs${access ? ` and that ${access.variable} is right` : ""}, then try again.`;
  }
  return `${model.id} failed in the middle of its answer. Try again.`;
}
