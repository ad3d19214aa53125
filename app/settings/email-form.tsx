import { OwnPassword, type Proof } from "#app/settings/own-password.tsx";
import { Done, Section } from "#app/settings/section.tsx";
import { SettingsForm, type Refused } from "#app/settings/settings-form.tsx";
import { Button } from "#app/ui/button.tsx";
import { Field } from "#app/ui/field.tsx";

type Props = {
  email: string;
  proof: Proof;
  delivery: "mail" | "log" | "none";
  refused: Refused;
  /** "asked": a link is on its way. */
  saved: "asked" | "done" | null;
};

const ASKED = {
  mail: "A link is on its way to the new address. Open it within an hour: until then everything stays as it is.",
  log: "This server sends no mail: the link is a line of its log (DATA_DIR/logs/web.log), good for an hour.",
  none: "",
};

/** Another address for the account, once its owner has confirmed it. */
export function EmailForm({ email, proof, delivery, refused, saved }: Props) {
  return (
    <Section
      id="email"
      title="Email address"
      text={`You sign in as ${email}. A new address counts once you have opened the link that it gets.`}
    >
      {saved && <Done>{saved === "done" ? "Your address is changed." : ASKED[delivery]}</Done>}
      <SettingsForm intent="email" section="email" refused={refused} saved={saved !== null}>
        {(busy) => (
          <>
            <Field
              name="newEmail"
              label="New email address"
              type="email"
              autoComplete="email"
              required
              error={refused?.fieldErrors?.newEmail}
            />
            <OwnPassword
              name="emailPassword"
              label="Password, to confirm"
              proof={proof}
              error={refused?.fieldErrors?.emailPassword}
            />
            <Button type="submit" aria-disabled={busy}>
              Change address
            </Button>
          </>
        )}
      </SettingsForm>
    </Section>
  );
}
