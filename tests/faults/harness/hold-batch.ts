import type { App } from "../../support/app.ts";
import { eventually } from "../../support/eventually.ts";
import { connect } from "./kills.ts";

const LOCK = 4712;

/**
 * Lets the records of parts that begin with `prefix` be written up to the `at`-th, and holds the transaction that writes
 * this one: what it wrote before is there, and not committed.
 */
export async function holdBatch(app: App, prefix: string, at: number) {
  const client = await connect(app);
  const waiters = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`;
  await client.query(`SELECT pg_advisory_lock(${LOCK})`);
  // A sequence counts what no other transaction can see yet.
  await client.query(`CREATE SEQUENCE public.batch_rows;
    CREATE FUNCTION public.hold_batch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF nextval('public.batch_rows') = ${at} THEN PERFORM pg_advisory_xact_lock(${LOCK}); END IF; RETURN NEW; END $$;
    CREATE TRIGGER hold_batch BEFORE INSERT ON local_trigger.stream_records FOR EACH ROW
    WHEN (starts_with(NEW.part_id, '${prefix}')) EXECUTE FUNCTION public.hold_batch()`);
  return {
    /** Resolves when the record is about to be written. */
    met: () =>
      eventually(async () => (await client.query(waiters)).rowCount, {
        what: () => `no record ${at} comes`,
        ms: 30_000,
      }),
    /** Ends the transaction as the end of its client would, or lets it come to its end without one. */
    release: async (how: "cut" | "go on") => {
      if (how === "cut") await client.query(`SELECT pg_terminate_backend(pid) FROM (${waiters}) AS waiting`);
      await client.query(`SELECT pg_advisory_unlock(${LOCK})`);
      await client.query(`DROP FUNCTION public.hold_batch CASCADE; DROP SEQUENCE public.batch_rows`);
      await client.end();
    },
  };
}
