/** U+0000 and half surrogate pairs: valid in a JavaScript string, refused by Postgres text and jsonb. */
// eslint-disable-next-line no-control-regex -- the control character is the point
const REFUSED = /\u0000|\p{Surrogate}/gu;

/** The text as Postgres takes it: what it refuses becomes U+FFFD. */
export function storableText(text: string): string {
  return text.replace(REFUSED, "\uFFFD");
}

/** A deep copy of a JSON value with every string, keys included, made storable. */
export function storableJson(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(storableJson);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key), storableJson(inner)]),
  );
}
