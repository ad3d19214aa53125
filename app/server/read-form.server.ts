import { storableText } from "#app/models/storable.ts";

/** The posted form. Throws a 400 where the body is none: another kind of data, or one that broke off. */
export async function readForm(request: Request): Promise<FormData> {
  try {
    return storableForm(await request.formData());
  } catch {
    throw new Response("This form could not be read. Reload the page, and send it again.", { status: 400 });
  }
}

/** The same with every text as Postgres takes it: an id that holds what it refuses names nothing, and is no failure. */
export function storableForm(form: FormData): FormData {
  const taken = new FormData();
  for (const [name, value] of form) {
    if (typeof value === "string") taken.append(name, storableText(value));
    else taken.append(name, value);
  }
  return taken;
}
