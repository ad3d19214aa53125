import { Done, Section } from "#app/settings/section.tsx";
import { SettingsForm, type Refused } from "#app/settings/settings-form.tsx";
import { modelName, PROVIDER_NAMES } from "#app/shared/model-names.ts";
import { PROVIDERS, type ModelChoice } from "#app/shared/model-option.ts";
import { Button } from "#app/ui/button.tsx";

type Props = { choice: ModelChoice; refused: Refused; saved: boolean };

/** The model with which new chats begin. */
export function ModelForm({ choice, refused, saved }: Props) {
  const { options, model, gone } = choice;
  return (
    <Section id="model" title="Model" text="What new chats begin with. Each chat can have another one.">
      {saved && <Done>Your model is saved.</Done>}
      <SettingsForm intent="model" section="model" refused={refused} saved={saved}>
        {(busy) => (
          <>
            <div className="field">
              <label htmlFor="defaultModel">Model for new chats</label>
              <select id="defaultModel" name="defaultModel" defaultValue={model ?? ""} autoComplete="off">
                <option value="">The one that I chose last</option>
                {gone && model !== null && <option value={model}>{modelName(model)} (not available)</option>}
                {PROVIDERS.map((provider) => {
                  const own = options.filter((option) => option.provider === provider);
                  if (own.length === 0) return null;
                  return (
                    <optgroup key={provider} label={PROVIDER_NAMES[provider]}>
                      {own.map((option) => (
                        <option key={option.id} value={option.id}>
                          {option.model}
                        </option>
                      ))}
                    </optgroup>
                  );
                })}
              </select>
            </div>
            <Button type="submit" aria-disabled={busy}>
              Save model
            </Button>
          </>
        )}
      </SettingsForm>
    </Section>
  );
}
