import { z } from "zod";
import { isCommonPassword } from "#app/server/password-rules.server.ts";

export type FieldErrors = Partial<Record<"name" | "email" | "password", string>>;

/** Why a form was not accepted, in words for the person who filled it in. */
export class AuthFormError extends Error {
  constructor(
    readonly status: 400 | 403 | 429 | 503,
    readonly told: { fieldErrors?: FieldErrors; formError?: string },
    readonly retryAfter?: number,
  ) {
    super("the form was refused");
  }
}

const MAX_PASSWORD = 256;
const name = z.string().trim().min(1, "Enter your name.").max(80, "Use at most 80 characters.");
const email = z
  .string()
  .trim()
  .min(1, "Enter your email address.")
  .max(254, "This address is too long.")
  .pipe(z.email("Enter an email address such as ada@example.org."));
const newPassword = z
  .string()
  .min(8, "Use at least 8 characters.")
  .max(MAX_PASSWORD, `Use at most ${MAX_PASSWORD} characters.`)
  .refine((value) => !isCommonPassword(value), "This is one of the commonest passwords. Choose another.");

const signUpSchema = z.object({ name, email, password: newPassword }).superRefine((form, context) => {
  const known = [form.name, form.email, form.email.split("@")[0]].map((word) => word?.toLowerCase());
  if (!known.includes(form.password.toLowerCase())) return;
  const message = "Choose a password that is not your name or address.";
  context.addIssue({ code: "custom", path: ["password"], message });
});

const signInSchema = z.object({
  email,
  password: z
    .string()
    .min(1, "Enter your password.")
    .max(MAX_PASSWORD, `Use at most ${MAX_PASSWORD} characters.`),
});

function parse<T>(schema: z.ZodType<T>, form: FormData): T {
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const fields = ["name", "email", "password"].map((key) => [key, text(form.get(key))]);
  const result = schema.safeParse(Object.fromEntries(fields));
  if (result.success) return result.data;
  const fieldErrors: FieldErrors = {};
  for (const issue of result.error.issues) {
    const field = issue.path[0] as keyof FieldErrors;
    fieldErrors[field] ??= issue.message;
  }
  throw new AuthFormError(400, { fieldErrors });
}

/** Both throw AuthFormError with an error for each wrong field. */
export const parseSignUp = (form: FormData) => parse(signUpSchema, form);
export const parseSignIn = (form: FormData) => parse(signInSchema, form);
