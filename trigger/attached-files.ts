import type { LanguageModelV3, LanguageModelV3CallOptions } from "@ai-sdk/provider";
import { logger } from "@trigger.dev/sdk";
import { APICallError, wrapLanguageModel } from "ai";
import { fileStore } from "#app/attachments/file-stores.server.ts";
import { abilitiesOf } from "#app/model-catalog/model-abilities.ts";
import { attachmentsOf, type Attachment } from "#app/models/attachment.server.ts";
import { attachmentIdOf, isImage } from "#app/shared/attachment.ts";
import { MAX_MESSAGE_TEXT } from "#app/shared/chat-message.ts";
import type { ModelAbilities } from "#app/shared/model-option.ts";
import { VisibleError } from "#trigger/model-error.ts";
import type { ResolvedModel } from "#trigger/models.ts";
import { retry } from "#trigger/retry.ts";

type Prompt = LanguageModelV3CallOptions["prompt"];
type UserPart = Extract<Prompt[number], { role: "user" }>["content"][number];
type FilePart = Extract<UserPart, { type: "file" }>;

/** Answers with which providers refuse files. */
const REFUSED = new Set([400, 415, 422]);
/** The same from servers of whose models nothing is known: some fail over a kind of file that they do not take. */
const REFUSED_PERHAPS = new Set([...REFUSED, 404, 500, 501]);

/** A model that is given the files of a conversation, and the names of those that it was not given. */
export type Reading<M> = { model: M; unread: () => string[] };

/**
 * The same model, given each attached file of this user in the place where a message names it: images and PDFs where
 * it takes them, text as text. Of any other file it is told the name, and that it cannot read it; so it is when its
 * provider refuses what it was given.
 */
export function withFiles(model: ResolvedModel, userId: string): Reading<ResolvedModel> {
  const abilities = abilitiesOf(model);
  const files = new ConversationFiles(userId, abilities);
  const refusals = abilities.images === undefined ? REFUSED_PERHAPS : REFUSED;
  const call = async <R>(
    params: LanguageModelV3CallOptions,
    ask: (params: LanguageModelV3CallOptions) => PromiseLike<R>,
  ): Promise<R> => {
    const given = await files.given(params.prompt);
    try {
      return await ask({ ...params, prompt: given.prompt });
    } catch (error) {
      const refused = APICallError.isInstance(error) && refusals.has(error.statusCode ?? 0);
      if (!refused || given.binary.length === 0) throw error;
      logger.warn("the model's provider refused files; it is told their names", { model: model.id });
      files.takeBack(given.binary);
      return await ask({ ...params, prompt: (await files.given(params.prompt)).prompt });
    }
  };
  const instance = wrapLanguageModel({
    model: model.instance,
    middleware: {
      specificationVersion: "v3",
      wrapGenerate: ({ params, model: inner }) => call(params, (given) => inner.doGenerate(given)),
      wrapStream: ({ params, model: inner }) => call(params, (given) => inner.doStream(given)),
    },
  });
  return { model: { ...model, instance: instance as LanguageModelV3 }, unread: () => files.unread() };
}

/** The files that the messages of one conversation name, as one model gets them. Each is read once. */
class ConversationFiles {
  readonly #parts = new Map<string, Promise<UserPart>>();
  /** Names, by id, of what the model was not given. */
  readonly #unread = new Map<string, string>();
  readonly #takenBack = new Set<string>();

  constructor(
    private readonly userId: string,
    private readonly abilities: ModelAbilities,
  ) {}

  unread(): string[] {
    return [...this.#unread.values()];
  }

  /** The prompt with the files in it, and the ids of those that are given as they are. */
  async given(prompt: Prompt): Promise<{ prompt: Prompt; binary: string[] }> {
    const binary: string[] = [];
    const part = async (one: UserPart): Promise<UserPart> => {
      const id = idOf(one);
      if (id === null || one.type !== "file") return one;
      const read = await this.#partOf(id, one);
      if (read.type === "file") binary.push(id);
      return read;
    };
    const read = await Promise.all(
      prompt.map(async (message) =>
        message.role === "user"
          ? { ...message, content: await Promise.all(message.content.map(part)) }
          : message,
      ),
    );
    return { prompt: read, binary };
  }

  /** The provider refuses these: from now on the model is told their names. */
  takeBack(ids: readonly string[]): void {
    for (const id of ids) {
      this.#takenBack.add(id);
      this.#parts.delete(id);
    }
  }

  #partOf(id: string, named: FilePart): Promise<UserPart> {
    const known = this.#parts.get(id);
    if (known) return known;
    const read = this.#read(id, named);
    this.#parts.set(id, read);
    return read;
  }

  async #read(id: string, named: FilePart): Promise<UserPart> {
    const [file] = await retry(() => attachmentsOf(this.userId, [id])).catch(() => {
      throw new VisibleError(UNREADABLE);
    });
    if (!file)
      return told(`The person attached the file ${quoted(named.filename)}, which is not there any more.`);
    const refusal = this.#refusal(file);
    if (refusal !== null) {
      this.#unread.set(id, file.name);
      return told(
        `The person attached ${kindOf(file)} ${quoted(file.name)}. You have not seen what it holds: ${refusal}. Tell them so where it matters.`,
      );
    }
    const bytes = await bytesOf(file);
    if (!bytes)
      return told(`The person attached the file ${quoted(file.name)}, which is not there any more.`);
    if (file.mediaType === "text/plain")
      return { type: "text", text: quotedText(file.name, bytes.toString("utf8")) };
    return { type: "file", mediaType: file.mediaType, filename: file.name, data: new Uint8Array(bytes) };
  }

  #refusal({ id, mediaType }: Attachment): string | null {
    if (mediaType === "text/plain") return null;
    if (this.#takenBack.has(id)) return "this model did not take it";
    if (isImage(mediaType)) return this.abilities.images === false ? "this model takes no images" : null;
    return this.abilities.files === false ? "this model takes no PDFs" : null;
  }
}

const UNREADABLE =
  "A file of this conversation could not be read, so nothing was answered. Try again in a moment.";

async function bytesOf({ id }: Attachment): Promise<Buffer | null> {
  try {
    const stream = await fileStore()?.open(id);
    return stream ? Buffer.concat(await stream.toArray()) : null;
  } catch {
    throw new VisibleError(UNREADABLE);
  }
}

/** The id of the file that a part of a prompt names by its address; null for all other parts. */
function idOf(part: UserPart): string | null {
  return part.type === "file" && typeof part.data === "string" ? attachmentIdOf(part.data) : null;
}

const told = (text: string): UserPart => ({ type: "text", text: `(${text})` });

const kindOf = ({ mediaType }: Attachment): string => (isImage(mediaType) ? "the image" : "the PDF");

const quoted = (name = "file"): string => JSON.stringify(name);

/** A text file as the model reads it. A longer one is cut: it would leave no room for the conversation. */
function quotedText(name: string, whole: string): string {
  const text = whole.replace(/^\uFEFF/, "").slice(0, MAX_MESSAGE_TEXT);
  const cut = text.length < whole.length ? "\n(The file goes on; this is its beginning.)" : "";
  return `The file ${quoted(name)}:\n<file>\n${text}\n</file>${cut}`;
}
