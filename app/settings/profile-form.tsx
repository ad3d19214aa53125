import { Done, Section } from "#app/settings/section.tsx";
import { SettingsForm, type Refused } from "#app/settings/settings-form.tsx";
import { Button } from "#app/ui/button.tsx";
import { Field } from "#app/ui/field.tsx";

type Props = { name: string; refused: Refused; saved: boolean };

export function ProfileForm({ name, refused, saved }: Props) {
  return (
    <Section id="profile" title="Profile" text="How you are called here.">
      {saved && <Done>Your name is saved.</Done>}
      <SettingsForm intent="profile" section="profile" refused={refused} saved={saved}>
        {(busy) => (
          <>
            <Field
              name="name"
              label="Name"
              autoComplete="name"
              required
              defaultValue={name}
              error={refused?.fieldErrors?.name}
            />
            <Button type="submit" aria-disabled={busy}>
              Save name
            </Button>
          </>
        )}
      </SettingsForm>
    </Section>
  );
}
