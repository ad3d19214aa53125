import { expect, test } from "vitest";
import { runState } from "./run-state.ts";

const base = { connection: "live", stopping: false, empty: false, run: null } as const;

test.each([
  ["an unanswered message whose run is in the queue", { status: "submitted", run: "QUEUED" }, "Queued"],
  ["an unanswered message whose run works", { status: "submitted", run: "EXECUTING" }, "Thinking"],
  ["an unanswered message whose run died", { status: "submitted", run: "CRASHED" }, "Recovering"],
  ["an answer that arrives", { status: "streaming", run: "EXECUTING" }, "Answering"],
  ["an answer that is being stopped", { status: "streaming", stopping: true }, "Stopping"],
  [
    "an answered chat, though its run reads as executing",
    { status: "ready", run: "EXECUTING" },
    "Waiting for you",
  ],
  ["a failed turn", { status: "error" }, "Failed"],
  ["a lost connection", { status: "streaming", connection: "reconnecting" }, "Reconnecting"],
  ["no network", { status: "ready", connection: "offline" }, "Offline"],
  ["a network, but no server", { status: "ready", connection: "unreachable" }, "No connection"],
] as const)("%s reads %#", (_, given, label) => {
  expect(runState({ ...base, ...given })?.label).toBe(label);
});

test("an empty chat says nothing", () => {
  expect(runState({ ...base, status: "ready", empty: true })).toBeNull();
});
