import { z } from "zod";
import { ProviderError } from "#app/server/provider-problems.ts";
import { githubUrls, type ProviderPerson } from "#app/server/sign-in-providers.server.ts";

const userSchema = z.object({ id: z.int().positive(), login: z.string(), name: z.string().nullish() });
const emailsSchema = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** Who an access token of GitHub belongs to. Throws ProviderError. */
export async function githubPerson(issuer: string, token: string, ms: number): Promise<ProviderPerson> {
  const [user, emails] = await Promise.all([
    ask("/user", userSchema, token, ms),
    ask("/user/emails", emailsSchema, token, ms),
  ]);
  const email = emails.find(({ primary, verified }) => primary && verified)?.email ?? null;
  // The login can be given to somebody else; the number never is.
  return { issuer, subject: String(user.id), email, name: user.name?.trim() || user.login };
}

async function ask<T>(path: string, schema: z.ZodType<T>, token: string, ms: number): Promise<T> {
  const headers = { Authorization: `Bearer ${token}`, Accept: "application/vnd.github+json" };
  const signal = AbortSignal.timeout(ms);
  const answer = await fetch(githubUrls().api + path, { headers, signal, redirect: "error" }).catch(
    (cause: unknown) => {
      throw new ProviderError("down", { cause });
    },
  );
  if (answer.status >= 500) throw new ProviderError("down", { cause: answer.status });
  const told: unknown = await answer.json().catch(() => null);
  const parsed = schema.safeParse(told);
  if (!answer.ok || !parsed.success) throw new ProviderError("refused", { cause: answer.status });
  return parsed.data;
}
