/** The posted form. Throws a 400 where the body is none: another kind of data, or one that broke off. */
export async function readForm(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch {
    throw new Response("This form could not be read. Reload the page, and send it again.", { status: 400 });
  }
}
