import type { Bench } from "./bench.ts";
import { coldChat } from "./chat/cold-chat.ts";
import { idleChat } from "./chat/idle-chat.ts";
import { idleMemory } from "./chat/idle-memory.ts";
import { longFirstHtml } from "./chat/long-first-html.ts";
import { longRenders } from "./chat/long-renders.ts";
import { longTurnCost } from "./chat/long-turn-cost.ts";
import { startTimes } from "./chat/start-times.ts";
import { twentyChats } from "./chat/twenty-chats.ts";
import { warmTurn } from "./chat/warm-turn.ts";
import type { Figure } from "./figure.ts";
import { appends } from "./relay/appends.ts";
import { latency } from "./relay/latency.ts";
import { liveAnswers } from "./relay/live-answers.ts";
import { oneReader } from "./relay/one-reader.ts";
import { stalledReader } from "./relay/stalled-reader.ts";
import { watchers } from "./relay/watchers.ts";

/** The Trigger API by itself, on a server of its own each. */
const relay: Figure<Bench>[] = [appends, latency, oneReader, watchers, stalledReader, liveAnswers];

/** The whole application. What takes many processes comes last. */
const chat: Figure<Bench>[] = [
  warmTurn,
  coldChat,
  longFirstHtml,
  longRenders,
  idleMemory,
  idleChat,
  twentyChats,
  longTurnCost,
];

/** Every figure, in the order in which they run. */
export const figures: Figure<Bench>[] = [startTimes, ...relay, ...chat];
