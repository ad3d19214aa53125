import type { Database } from "../database.ts";
import { noRows, toResult } from "../streams/append-many.ts";
import { GroupCommit } from "../streams/group-commit.ts";
import type { AppendResult } from "../wire/records.ts";

type InputAppend = { sessionId: string; stream: string; body: string; partId: string };

/** Null: nothing was done, because the session is closed or has expired, or its run has to be started or woken first. */
export type GroupedInputs = GroupCommit<InputAppend, AppendResult | null>;

type Row = { state: string; first_seq: number; end_seq: number; recorded: number; duplicate: boolean };
type GroupRow = Pick<Row, "first_seq" | "end_seq" | "recorded"> & { append: number };

/** Appends to `.in` of sessions whose run lives, under each session's lock; those that arrive together in one commit. */
export function groupedInputs(db: Database): GroupedInputs {
  return new GroupCommit<InputAppend, AppendResult | null>({
    together: (inputs) => appendTogether(db, inputs),
    alone: (input) => appendAlone(db, input),
    keyOf: (input) => input.sessionId,
    sizeOf: (input) => input.body.length,
  });
}

async function appendTogether(db: Database, inputs: InputAppend[]): Promise<(AppendResult | undefined)[]> {
  const { rows } = await db
    .query<GroupRow>("select * from local_trigger.append_inputs($1, $2, $3, $4)", [
      inputs.map((input) => input.sessionId),
      inputs.map((input) => input.stream),
      inputs.map((input) => input.body),
      inputs.map((input) => input.partId),
    ])
    .catch(noRows);
  const results: (AppendResult | undefined)[] = inputs.map(() => undefined);
  for (const row of rows) results[row.append - 1] = toResult(row);
  return results;
}

async function appendAlone(db: Database, input: InputAppend): Promise<AppendResult | null> {
  const { rows } = await db.query<Row>("select * from local_trigger.append_input($1, $2, $3, $4)", [
    input.sessionId,
    input.stream,
    input.body,
    input.partId,
  ]);
  const row = rows[0];
  if (!row) throw new Error("The append answered no row.");
  if (row.state !== "appended") return null;
  return { first: row.first_seq, next: row.end_seq, timestamp: row.recorded, duplicate: row.duplicate };
}
