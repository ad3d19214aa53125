import { MAX_SYSTEM_PROMPT, type ChatSettings } from "#app/shared/chat-settings.ts";
import { chosenName } from "#app/shared/model-names.ts";
import { abilitiesOfChoice, type ModelChoice } from "#app/shared/model-option.ts";

type Props = { settings: ChatSettings; choice: ModelChoice; form?: string };

/** What the model is told in every turn of a chat, and how freely it may answer. */
export function WordsFields({ settings, choice, form }: Props) {
  const fixed = abilitiesOfChoice(choice)?.temperature === false;
  return (
    <>
      <div className="field">
        <label htmlFor="system-prompt">Instructions for this chat</label>
        <textarea
          id="system-prompt"
          name="systemPrompt"
          form={form}
          rows={4}
          maxLength={MAX_SYSTEM_PROMPT}
          defaultValue={settings.systemPrompt ?? ""}
          placeholder="Answer as a patient teacher of physics."
          autoComplete="off"
        />
      </div>
      <div className="field">
        <label htmlFor="temperature">Temperature</label>
        <input
          id="temperature"
          name="temperature"
          form={form}
          type="number"
          min={0}
          max={2}
          step="any"
          inputMode="decimal"
          defaultValue={settings.temperature ?? ""}
          placeholder="As the provider has it"
          autoComplete="off"
          disabled={fixed}
          aria-describedby="temperature-hint"
        />
        <p className="hint" id="temperature-hint">
          {fixed
            ? `${chosenName(choice)} takes no temperature.`
            : "From 0, always the likeliest word, to 2. Anthropic’s models end at 1."}
        </p>
      </div>
      <div className="field checked">
        <input type="hidden" name="secondLook" form={form} value="" />
        <label>
          <input
            type="checkbox"
            name="secondLook"
            form={form}
            value="on"
            defaultChecked={settings.secondLook}
            aria-describedby="second-look-hint"
          />
          A second look at each answer
        </label>
        <p className="hint" id="second-look-hint">
          Afterwards a model looks over the answer, and the next one is told what to mind. It costs one more
          call.
        </p>
      </div>
    </>
  );
}
