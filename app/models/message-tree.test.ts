import { describe, expect, it } from "vitest";
import { MessageTree, type Place } from "./message-tree.ts";

const row = (position: number, id: string, parentId: string | null, leftAt: Date | null = null): Place => ({
  id,
  position,
  parentId,
  leftAt,
});

/** u1 a1 u2 a2, then u2 edited to u3 with the answers a3 and a4. */
const rows = (left: Record<string, Date> = {}): Place[] =>
  [
    row(0, "u1", ""),
    row(1, "a1", "u1"),
    row(2, "u2", "a1"),
    row(3, "a2", "u2"),
    row(4, "u3", "a1"),
    row(5, "a3", "u3"),
    row(6, "a4", "u3"),
  ].map((one) => ({ ...one, leftAt: left[one.id] ?? null }));

describe("a tree of messages", () => {
  it("gives the branch on screen, and what else there is in the place of each of its messages", () => {
    const tree = new MessageTree(rows(), "a4");
    expect(tree.path()).toEqual(["u1", "a1", "u3", "a4"]);
    expect(tree.childrenOf(tree.parentOf("u3"))).toEqual(["u2", "u3"]);
    expect(tree.childrenOf("u3")).toEqual(["a3", "a4"]);
  });

  it("comes back to a branch where it was left, and otherwise to its newest message", () => {
    expect(new MessageTree(rows(), "a2").endFrom("u3")).toBe("a4");
    const left = { a4: new Date(1), a3: new Date(2) };
    expect(new MessageTree(rows(left), "a2").endFrom("u3")).toBe("a3");
  });

  it("ends with a message that was taken back to, and with none when all were", () => {
    expect(new MessageTree(rows(), "a1").path()).toEqual(["u1", "a1"]);
    expect(new MessageTree(rows(), "").path()).toEqual([]);
  });

  it("takes rows without a parent in the order of their positions, also behind a branch", () => {
    const plain = ["u1", "a1", "u2"].map((id, position) => row(position, id, null));
    expect(new MessageTree(plain, null).path()).toEqual(["u1", "a1", "u2"]);
    const appended = [...rows(), row(7, "u9", null), row(8, "a9", null)];
    expect(new MessageTree(appended, "a4").path()).toEqual(["u1", "a1", "u3", "a4", "u9", "a9"]);
  });

  it("is read to an end when rows were deleted, or lead back to themselves", () => {
    expect(new MessageTree([row(0, "u1", ""), row(3, "a2", "gone")], "a2").path()).toEqual(["u1", "a2"]);
    const circle = [row(0, "u1", "a1"), row(1, "a1", "u1")];
    expect(new MessageTree(circle, "a1").path()).toEqual(["u1", "a1"]);
  });
});
