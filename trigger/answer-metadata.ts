import type { LanguageModelUsage, UIMessageStreamOptions } from "ai";
import { costOf } from "#app/model-catalog/cost.server.ts";
import type { LongrunUIMessage, MessageMetadata } from "#app/shared/chat-message.ts";
import { decisionsOf } from "#trigger/answer-so-far.ts";
import type { Summary } from "#app/shared/summary.ts";
import type { ResolvedModel } from "#trigger/models.ts";

/** Which run makes an answer. */
export type RunFacts = {
  runId: string;
  version: string | undefined;
  attempt: number;
  /** A lost run had begun it. */
  recovered: boolean;
};

export type AnswerFacts = RunFacts & {
  model: ResolvedModel;
  /** When the model was asked, and whether the web server did so ahead. */
  ahead: { startedAt: number; taken: boolean };
  /** What the model was told in place of the beginning. */
  summary: Summary | null;
  /** What it was told to mind. */
  minded: string | null;
  /** The answer that this turn goes on with; null for a new one. */
  goesOn: LongrunUIMessage | null;
  /** Names of attached files that the model was not given. */
  unread: () => string[];
};

type Teller = NonNullable<UIMessageStreamOptions<LongrunUIMessage>["messageMetadata"]>;
type Used = Pick<MessageMetadata, "inputTokens" | "outputTokens" | "cachedTokens" | "costMicros">;

const FIRST = new Set(["text-delta", "reasoning-delta", "tool-call"]);

/**
 * What the answer tells about itself: at its start, at its first token, after each thought and call of the model, and
 * at its end. One that is stopped has told of the calls that were over by then.
 */
export function metadataOf(facts: AnswerFacts): Teller {
  let seenToken = false;
  let used: Used = usedBefore(facts.goesOn);
  const thoughts = new Thoughts(facts.goesOn?.metadata?.reasoningMs ?? []);
  return ({ part }) => {
    const elapsed = Math.round(performance.now() - facts.ahead.startedAt);
    if (part.type === "start") return atStart(facts);
    if (part.type === "reasoning-start") thoughts.begin(part.id);
    if (part.type === "reasoning-end") return { reasoningMs: thoughts.end(part.id) };
    if (!seenToken && FIRST.has(part.type)) {
      seenToken = true;
      return { firstTokenMs: elapsed, ...(facts.ahead.taken ? { headStart: true } : {}), ...unreadOf(facts) };
    }
    if (part.type === "finish-step") return (used = sum(used, part.usage, facts.model.id));
    if (part.type !== "finish") return undefined;
    return { durationMs: elapsed, finishReason: part.finishReason, ...unreadOf(facts) };
  };
}

function unreadOf({ unread }: AnswerFacts): Pick<MessageMetadata, "unread"> {
  const names = unread();
  return names.length > 0 ? { unread: names } : {};
}

/** What an answer tells at its start of the run that makes it. */
export function toldOfRun({ runId, attempt, version, recovered }: RunFacts): MessageMetadata {
  return {
    runId,
    attempt,
    createdAt: new Date().toISOString(),
    ...(version === undefined ? {} : { version }),
    ...(recovered ? { recovered } : {}),
  };
}

function atStart(facts: AnswerFacts): MessageMetadata {
  const { model, summary, minded, goesOn } = facts;
  const known = {
    ...(summary ? { summary: { throughId: summary.throughId, messages: summary.messages } } : {}),
    ...(minded === null ? {} : { minded }),
  };
  return { model: model.id, ...toldOfRun(facts), ...known, ...decisionsOf(goesOn) };
}

/** An answer that goes on has used something already. */
function usedBefore(answer: LongrunUIMessage | null): Used {
  if (!answer) return { costMicros: 0 };
  const { inputTokens, outputTokens, cachedTokens, costMicros = null } = answer.metadata ?? {};
  return { inputTokens, outputTokens, cachedTokens, costMicros };
}

/** One call that nobody could price leaves the whole without a price. */
function sum(before: Used, usage: LanguageModelUsage, model: string): Used {
  const { inputTokens: input, outputTokens: output, inputTokenDetails } = usage;
  const { cacheReadTokens: cacheRead, cacheWriteTokens: cacheWrite } = inputTokenDetails;
  const cost = costOf(model, { input, output, cacheRead, cacheWrite });
  const paid = before.costMicros ?? null;
  return {
    ...plus("inputTokens", before.inputTokens, input),
    ...plus("outputTokens", before.outputTokens, output),
    ...plus("cachedTokens", before.cachedTokens, cacheRead || undefined),
    costMicros: cost === null || paid === null ? null : paid + cost,
  };
}

/** Left out where neither is known: the page shows no number that nobody gave. */
function plus(name: "inputTokens" | "outputTokens" | "cachedTokens", a?: number, b?: number): Used {
  return a === undefined && b === undefined ? {} : { [name]: (a ?? 0) + (b ?? 0) };
}

/** How long each of an answer's thoughts took, in milliseconds, in their order. */
class Thoughts {
  readonly #began = new Map<string, number>();
  #took: readonly number[];

  constructor(before: readonly number[]) {
    this.#took = before;
  }

  begin(id: string): void {
    this.#began.set(id, performance.now());
  }

  end(id: string): number[] {
    const ms = Math.round(performance.now() - (this.#began.get(id) ?? performance.now()));
    this.#took = [...this.#took, ms];
    return [...this.#took];
  }
}
