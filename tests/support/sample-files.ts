/** Small files of each kind that can be attached. */

/** A PNG of one green pixel. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkaPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

export const PDF = Buffer.from(
  "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
);

/** A page that a careless server would run. */
export const HTML = Buffer.from("<!doctype html><script>document.title='taken'</script>");

export type Sample = { name: string; mimeType: string; buffer: Buffer };

export const sample = (name: string, mimeType: string, content: Buffer | string): Sample => ({
  name,
  mimeType,
  buffer: Buffer.from(content),
});
