/** One message's place, as its row has it. */
export type Place = {
  id: string;
  position: number;
  /** The message that it follows. '': none. Null: the one before it by position. */
  parentId: string | null;
  /** When the branch that ends here was left. */
  leftAt: Date | null;
};

/** The messages of one chat with all branches: who follows whom, and which branch is on screen. */
export class MessageTree {
  /** The last message of the branch on screen; null when that is empty. */
  readonly head: string | null;
  readonly #places = new Map<string, Place & { parent: string | null }>();
  readonly #children = new Map<string | null, string[]>();

  /** `rows` in the order of their positions; `storedHead` as in `Chat.headMessageId`. */
  constructor(rows: Place[], storedHead: string | null) {
    const known = new Set(rows.map((row) => row.id));
    let before: string | null = null;
    for (const row of rows) {
      const parent = parentIn(row, known, before);
      this.#places.set(row.id, { ...row, parent });
      const siblings = this.#children.get(parent);
      if (siblings) siblings.push(row.id);
      else this.#children.set(parent, [row.id]);
      before = row.id;
    }
    this.head = this.#headOf(rows, storedHead);
  }

  /** Who writes rows without a parent appends: the last such row, when it is newer, is the head. */
  #headOf(rows: Place[], stored: string | null): string | null {
    if (stored === "") return null;
    const head = stored === null ? undefined : this.#places.get(stored);
    if (!head) return rows.at(-1)?.id ?? null;
    const appended = rows.findLast((row) => row.parentId === null && row.position > head.position);
    return appended?.id ?? head.id;
  }

  get size(): number {
    return this.#places.size;
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  /** The message before this one on its branch; null for a first one. */
  parentOf(id: string): string | null {
    return this.#places.get(id)?.parent ?? null;
  }

  /** What follows a message, or what a branch may begin with (null), oldest first. */
  childrenOf(id: string | null): readonly string[] {
    return this.#children.get(id) ?? [];
  }

  /** The branch that ends with `id`, from its first message on; without `id` the one on screen. */
  path(id: string | null = this.head): string[] {
    const path = new Set<string>();
    // A row that was changed by hand may lead back to itself.
    for (let at = id; at !== null && !path.has(at); at = this.parentOf(at)) path.add(at);
    return [...path].reverse();
  }

  /** Where the branches through `id` were left last; if none was, the newest message after it. */
  endFrom(id: string): string {
    return this.latestOf(this.#below(id)) ?? id;
  }

  /** Of these messages the one at which a branch was left last; if none was, the newest. */
  latestOf(ids: readonly string[]): string | undefined {
    const places = ids.flatMap((id) => this.#places.get(id) ?? []);
    const rank = (place: Place) => Number(place.leftAt ?? 0);
    places.sort((a, b) => rank(b) - rank(a) || b.position - a.position);
    return places[0]?.id;
  }

  #below(id: string): string[] {
    const found = new Set<string>();
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(...this.childrenOf(next));
    }
    return [...found];
  }

  /** Each message with the parent that it has, '' for none, in the order of their positions. */
  parents(): { id: string; parentId: string }[] {
    return [...this.#places.values()].map(({ id, parent }) => ({ id, parentId: parent ?? "" }));
  }
}

/** A parent that is not there says as little as none. */
function parentIn({ id, parentId }: Place, known: Set<string>, before: string | null): string | null {
  if (parentId === "") return null;
  return parentId !== null && parentId !== id && known.has(parentId) ? parentId : before;
}
