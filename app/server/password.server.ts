import { hash, verify } from "@node-rs/argon2";

/** Argon2id with the parameters that OWASP gives for 19 MiB. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Each hash holds 19 MiB and a core; more at once would starve everything else. */
const AT_ONCE = 2;
const MAX_WAITING = 40;

let running = 0;
const waiting: (() => void)[] = [];

/** Too many sign-ins wait already; nothing was checked. */
export class HashingBusyError extends Error {}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MAX_WAITING) throw new HashingBusyError("too many sign-ins at once");
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running++;
  }
  try {
    return await work();
  } finally {
    // A waiting one takes over this place, so the count stays.
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

/** PHC string of a password. Throws HashingBusyError under overload. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, COST));
}

let decoy: Promise<string> | undefined;

/** Whether the password fits. With no hash (no such account) it takes as long and answers false. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hash("no account has this password", COST);
  const against = stored ?? (await decoy);
  const fits = await inTurn(() => verify(against, password));
  return fits && stored !== null;
}
