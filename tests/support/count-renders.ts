import type { Page } from "playwright-core";

type Fiber = {
  child: Fiber | null;
  sibling: Fiber | null;
  alternate: Fiber | null;
  flags: number;
  type: unknown;
  memoizedProps: { message?: { id?: string } } | null;
};
/** How often the components of each message ran, by the message's id, and the state of the chat after it. */
export type Commit = { status: string | null; ran: Record<string, number> };
type Counting = { longrunCommits: Commit[]; __REACT_DEVTOOLS_GLOBAL_HOOK__: object };

/**
 * Counts, in the page's own production build, which messages React renders: each commit is told to where its developer
 * tools listen, with the tree in which every component that ran is marked. Call it before the page is opened; the
 * function that is returned gives the commits since it was last called, those without any message left out.
 */
export async function countRenders(page: Page): Promise<() => Promise<Commit[]>> {
  await page.addInitScript(() => {
    const PERFORMED_WORK = 1;
    const own = window as unknown as Counting;
    own.longrunCommits = [];
    const visit = (fiber: Fiber, commit: Commit["ran"]): void => {
      const id = fiber.memoizedProps?.message?.id;
      const ran = fiber.alternate === null || (fiber.flags & PERFORMED_WORK) !== 0;
      if (typeof fiber.type !== "string" && id !== undefined && ran) commit[id] = (commit[id] ?? 0) + 1;
      // Where a component did not run and nothing below it did, its children are those of the commit before.
      if (fiber.alternate && fiber.alternate.child === fiber.child) return;
      for (let child = fiber.child; child; child = child.sibling)
        if (child.alternate !== null || ran) visit(child, commit);
    };
    own.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
      supportsFiber: true,
      inject: () => 1,
      checkDCE: () => undefined,
      onCommitFiberUnmount: () => undefined,
      onCommitFiberRoot: (_id: number, root: { current: Fiber }) => {
        const ran: Commit["ran"] = {};
        visit(root.current, ran);
        const status = document.querySelector("[data-chat-status]")?.getAttribute("data-chat-status") ?? null;
        if (Object.keys(ran).length > 0) own.longrunCommits.push({ status, ran });
      },
    };
  });
  return () => page.evaluate(() => (window as unknown as Counting).longrunCommits.splice(0));
}
