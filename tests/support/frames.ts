import type { Page } from "playwright-core";

/** One part of the open answer as a frame shows it. */
type ShownPart = { part: string; state: string; text: string; open: boolean };
/** What one frame shows: where the answer begins in the window, how far the conversation is scrolled, its parts. */
type Frame = {
  /** When it was shown, and when its document was asked for, in milliseconds since the epoch. */
  at: number;
  asked: number;
  /** The page's address: another page shows something else. */
  path: string;
  /** The texts of the person's messages, and whether one can write another. */
  questions: string[];
  composer: boolean;
  /** False: there is none, and the numbers and parts below mean nothing. */
  answer: boolean;
  top: number;
  scroll: number;
  parts: ShownPart[];
};

export interface Frames {
  /** The frames that differ from the one before, oldest first. */
  seen: Frame[];
  /** What a later frame had less of, put elsewhere or folded too early, in words. */
  wrong: string[];
}

const STATES = ["", "input-streaming", "input-available", "preliminary", "output-available"];
/** Layout rounds. */
const PIXELS = 1;

/**
 * Watches every frame of the page, from now on and after each reload: messages, answer and message box stay once they
 * are there, the parts of the last answer only grow, their states only go on, a running thought is open, and the answer
 * stays where it began. The page's conversation has to fit into its window.
 */
export async function watchFrames(page: Page): Promise<Frames> {
  const frames: Frames = { seen: [], wrong: [] };
  await page.exposeFunction("longrunFrame", (frame: Frame) => {
    // The page before goes on for as long as the new one is on its way: only what it had when that was asked for counts.
    const before = frames.seen.findLast(({ at, asked }) => asked === frame.asked || at <= frame.asked);
    if (before?.path === frame.path) frames.wrong.push(...differences(before, frame));
    frames.wrong.push(...foldedTooEarly(frame));
    frames.seen.push(frame);
  });
  await page.addInitScript(noteFrames);
  await page.evaluate(noteFrames);
  return frames;
}

/** Resolves when the page has shown so many more frames. */
export async function framesLater(page: Page, count: number): Promise<void> {
  await page.evaluate(async (frames) => {
    for (let left = frames; left > 0; left -= 1) await new Promise(requestAnimationFrame);
  }, count);
}

function differences(before: Frame, now: Frame): string[] {
  const words = before.asked === now.asked ? "" : " over a reload";
  return [...goneOf(before, now), ...(before.answer && now.answer ? lessOf(before, now) : [])].map(
    (what) => what + words,
  );
}

/** What the page had and has no more. */
function goneOf(before: Frame, now: Frame): string[] {
  const questions = before.questions.filter((text, index) => now.questions[index] !== text);
  return [
    ...questions.map((text) => `the message "${text}" is gone`),
    ...(before.answer && !now.answer ? ["the answer is gone"] : []),
    ...(before.composer && !now.composer ? ["the message box is gone"] : []),
  ];
}

function lessOf(before: Frame, now: Frame): string[] {
  const moved = (name: "top" | "scroll"): string[] =>
    Math.abs(before[name] - now[name]) > PIXELS ? [`${name} ${before[name]} -> ${now[name]}`] : [];
  const lost = before.parts.flatMap((part, index) => {
    const after = now.parts[index];
    if (after?.part !== part.part) return [`${part.part} is gone`];
    const back = STATES.indexOf(after.state) < STATES.indexOf(part.state);
    return [
      ...(back ? [`${part.part} ${part.state} -> ${after.state}`] : []),
      ...(after.text.startsWith(part.text) ? [] : [`${part.part} "${part.text}" -> "${after.text}"`]),
    ];
  });
  return [...moved("top"), ...moved("scroll"), ...lost];
}

const foldedTooEarly = ({ parts }: Frame): string[] =>
  parts.flatMap(({ part, state, open }) => (state === "Thinking" && !open ? [`${part} is folded`] : []));

/** Runs in the page. */
function noteFrames(): void {
  let last = "";
  let begun = false;
  const report = (frame: Frame): void =>
    (window as unknown as { longrunFrame: (frame: Frame) => void }).longrunFrame(frame);
  const partOf = (element: HTMLElement): ShownPart => {
    const part = element.dataset.part ?? "";
    const thinks = part === "reasoning" && element.querySelector("summary")?.textContent === "Thinking";
    const body =
      part === "text" ? element : element.querySelector(part === "reasoning" ? ".card-body" : "pre");
    // The quotes and brackets that end an input as far as it is written are not yet the model's.
    const text = (body?.textContent ?? "").replace(part.startsWith("tool-") ? /["}\]\s]*$/ : /$^/, "");
    const open = element instanceof HTMLDetailsElement && element.open;
    return { part, state: thinks ? "Thinking" : (element.dataset.state ?? ""), text, open };
  };
  const look = (): void => {
    requestAnimationFrame(look);
    const messagesOf = (role: string) =>
      [...document.querySelectorAll<HTMLElement>(`[data-message-id][data-role=${role}]`)].filter((one) =>
        one.checkVisibility(),
      );
    const answer = messagesOf("assistant").at(-1);
    // HTML that is still arriving has less; but what has arrived and goes again was thrown away.
    begun ||= answer !== undefined;
    if (document.readyState === "loading" && (answer || !begun)) return;
    const frame = {
      at: 0,
      asked: performance.timeOrigin,
      path: location.pathname,
      questions: messagesOf("user").map((one) => one.textContent ?? ""),
      composer: document.querySelector("#message")?.checkVisibility() ?? false,
      answer: answer !== undefined,
      top: answer?.getBoundingClientRect().top ?? 0,
      scroll: answer?.closest(".scroll")?.scrollTop ?? 0,
      parts: [...(answer?.querySelectorAll<HTMLElement>("[data-part]") ?? [])].map(partOf),
    };
    const text = JSON.stringify(frame);
    if (text !== last) report({ ...frame, at: performance.timeOrigin + performance.now() });
    last = text;
  };
  requestAnimationFrame(look);
}
