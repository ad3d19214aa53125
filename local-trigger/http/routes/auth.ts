import { z } from "zod";
import { environmentId, signToken } from "../../wire/tokens.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { badRequest } from "../errors.ts";
import type { Route } from "../router.ts";

const publicTokenBody = z.object({
  scopes: z.array(z.string()).default([]),
  expirationTime: z.union([z.string(), z.number()]).optional(),
});

/** Claims for tokens that the SDK signs itself, and tokens for those who cannot. */
export function authRoutes(deps: { secretKey: string }): Route[] {
  return [
    {
      method: "POST",
      path: "/api/v1/auth/jwt/claims",
      access: "secret",
      handler: async (c) => json(c, 200, { sub: environmentId, pub: true }),
    },
    {
      method: "POST",
      path: "/api/v1/auth/public-tokens",
      access: "secret",
      handler: async (c) => {
        const { scopes, expirationTime } = await readJson(c, publicTokenBody);
        const token = await signToken(deps.secretKey, scopes, expirationTime).catch(() => {
          throw badRequest('expirationTime must be a time such as "1h", or seconds since 1970.');
        });
        json(c, 200, { token });
      },
    },
  ];
}
