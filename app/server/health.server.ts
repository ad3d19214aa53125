import { db } from "#app/models/db.server.ts";
import { workerIsRegistered } from "#app/server/trigger-client.server.ts";

export type Health = { ok: boolean; database: boolean; trigger: boolean; worker: boolean };

/** Asks every part that a message needs. Throws nothing. */
export async function health(): Promise<Health> {
  const [database, worker] = await Promise.all([
    db().$queryRaw`SELECT 1`.then(
      () => true,
      () => false,
    ),
    workerIsRegistered().catch(() => null),
  ]);
  const trigger = worker !== null;
  return { ok: database && trigger && worker, database, trigger, worker: worker === true };
}
