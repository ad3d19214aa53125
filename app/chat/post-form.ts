import { z } from "zod";

const refusal = z.object({ error: z.string() });

/**
 * Posts a form to the web server. Null when it is done, otherwise why not: the sentence of the answer, or `otherwise`
 * where it has none or nobody answers (status 0).
 */
export async function postForm(
  url: string,
  fields: Record<string, string>,
  otherwise: string,
  fetcher: typeof fetch = (input, init) => fetch(input, init),
): Promise<{ status: number; problem: string } | null> {
  try {
    const response = await fetcher(url, { method: "POST", body: new URLSearchParams(fields) });
    if (response.ok) return null;
    const { status } = response;
    const told: unknown = await response.json().catch(() => null);
    return { status, problem: refusal.safeParse(told).data?.error ?? otherwise };
  } catch {
    return { status: 0, problem: otherwise };
  }
}
