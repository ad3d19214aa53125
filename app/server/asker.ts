import type { User } from "#app/models/user.server.ts";

/** A signed-in person's request, and the address that it came from. */
export type Asker = { user: User; request: Request; ip: string };
