import { redirect } from "@remix-run/node";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { safeRedirect } from "#app/server/redirect-to.server.ts";
import { THEMES, themeCookie } from "#app/shared/theme.ts";

/** Keeps the theme that a form without scripts has chosen, and leads back to where it was. */
export function chooseTheme(form: FormData): Response {
  const chosen = THEMES.find((theme) => theme === form.get("theme"));
  if (!chosen) throw new AuthFormError(400, { formError: "There is no such theme." });
  const headers = { "Set-Cookie": themeCookie(chosen) };
  return redirect(safeRedirect(form.get("redirectTo")), { headers });
}
