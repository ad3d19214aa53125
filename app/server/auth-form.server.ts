import { z } from "zod";
import { isCommonPassword, MAX_PASSWORD } from "#app/server/password-rules.server.ts";

/** Fields in which the settings ask for one's password. */
export type PasswordField = "currentPassword" | "deletePassword" | "connectPassword" | "emailPassword";

type Field = "name" | "email" | "password" | "newPassword" | "newEmail" | "confirmation" | PasswordField;

export type FieldErrors = Partial<Record<Field, string>>;

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

/** What is asked after a length is asked of any length, unless that has ended the asking. */
const tooLong = { error: `Use at most ${MAX_PASSWORD} characters.`, abort: true };
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
  .max(MAX_PASSWORD, tooLong)
  .refine((value) => !isCommonPassword(value), "This is one of the commonest passwords. Choose another.");

const SAYS_WHO = "Choose a password that is not your name or address.";

function saysWho(chosen: string, who: { name: string; email: string }): boolean {
  const known = [who.name, who.email, who.email.split("@")[0]].map((word) => word?.toLowerCase());
  return known.includes(chosen.toLowerCase());
}

const signUpSchema = z.object({ name, email, password: newPassword }).superRefine((form, context) => {
  if (!saysWho(form.password, form)) return;
  context.addIssue({ code: "custom", path: ["password"], message: SAYS_WHO });
});

const password = z.string().min(1, "Enter your password.").max(MAX_PASSWORD, tooLong);

const signInSchema = z.object({ email, password });

function parse<Shape extends z.core.$ZodShape>(schema: z.ZodObject<Shape>, form: FormData) {
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const fields = Object.keys(schema.shape).map((key) => [key, text(form.get(key))]);
  const result = schema.safeParse(Object.fromEntries(fields));
  if (result.success) return result.data;
  const fieldErrors: FieldErrors = {};
  for (const issue of result.error.issues) {
    const field = issue.path[0] as Field;
    fieldErrors[field] ??= issue.message;
  }
  throw new AuthFormError(400, { fieldErrors });
}

/** All of these throw AuthFormError with an error for each wrong field. */
export const parseSignUp = (form: FormData) => parse(signUpSchema, form);
export const parseSignIn = (form: FormData) => parse(signInSchema, form);
export const parseProfile = (form: FormData) => parse(z.object({ name }), form);

export const parseForgotten = (form: FormData) => parse(z.object({ email }), form);

/** The current password as it was typed into this field. */
export const parseOwnPassword = (form: FormData, field: PasswordField): string =>
  parse(z.object({ [field]: password }), form)[field] ?? "";

export const parseNewEmail = (form: FormData) => parse(z.object({ newEmail: email }), form);

/** A new password, of an account that must not be guessed from it. */
export function parseNewPassword(form: FormData, who: { name: string; email: string }) {
  const chosen = newPassword.refine((value) => !saysWho(value, who), SAYS_WHO);
  return parse(z.object({ newPassword: chosen }), form);
}

/** `confirmation` must be the account's address. */
export function parseDeletion(form: FormData, account: string) {
  const same = (value: string) => value.trim().toLowerCase() === account;
  return parse(z.object({ confirmation: z.string().refine(same, `Type ${account} to confirm.`) }), form);
}
