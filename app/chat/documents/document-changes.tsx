import { diffLines } from "diff";
import { useMemo } from "react";
import type { DocumentPage } from "#app/shared/documents.ts";

type Piece = { sign: "added" | "removed" | "same" | "left-out"; text: string };

/** Lines that stayed are shown so far around what changed. */
const AROUND = 3;
const LONGEST_MS = 1_000;

const linesOf = (text: string): string[] => text.replace(/\n$/, "").split("\n");

/** Null where the two differ in so much that comparing them takes too long. */
function changedPieces(before: string, after: string): Piece[] | null {
  const changes = diffLines(before, after, { timeout: LONGEST_MS });
  if (!changes) return null;
  return changes.flatMap(({ value, added, removed }, index): Piece[] => {
    if (added || removed) return [{ sign: added ? "added" : "removed", text: value.replace(/\n$/, "") }];
    const lines = linesOf(value);
    const first = index === 0 ? 0 : AROUND;
    const last = index === changes.length - 1 ? 0 : AROUND;
    const hidden = lines.length - first - last;
    if (hidden < 2) return [{ sign: "same", text: lines.join("\n") }];
    const pieces: Piece[] = [
      { sign: "same", text: lines.slice(0, first).join("\n") },
      { sign: "left-out", text: `${hidden} lines are the same` },
      { sign: "same", text: lines.slice(lines.length - last).join("\n") },
    ];
    return pieces.filter((_, at) => !(at === 0 && first === 0) && !(at === 2 && last === 0));
  });
}

/** What is different in a version from the one before. */
export function DocumentChanges({ page }: { page: DocumentPage }) {
  const { previousText, shown } = page;
  const pieces = useMemo(
    () => (previousText === null ? [] : changedPieces(previousText, shown.text)),
    [previousText, shown.text],
  );
  if (previousText === null) return <p className="document-nothing note">This is the first version.</p>;
  return (
    // Who has no wheel scrolls by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="document-scroll" tabIndex={0} aria-label="Changes from the version before">
      {previousText === shown.text && <p className="document-nothing note">The text is the same.</p>}
      {pieces === null && (
        <p className="document-nothing note">
          The two versions differ in too much to compare them line by line.
        </p>
      )}
      <div className="document-changes">
        {(pieces ?? []).map(({ sign, text }, index) => (
          // What changed between two versions never changes itself.
          // eslint-disable-next-line react/no-array-index-key
          <Lines key={index} sign={sign} text={text} />
        ))}
      </div>
    </section>
  );
}

function Lines({ sign, text }: Piece) {
  if (sign === "added") return <ins>{text}</ins>;
  if (sign === "removed") return <del>{text}</del>;
  return <div className={sign === "left-out" ? "left-out" : undefined}>{text}</div>;
}
