import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { abilityWords, modelName, PROVIDER_NAMES } from "#app/shared/model-names.ts";
import { PROVIDERS, type ModelChoice, type OfferedModel } from "#app/shared/model-option.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

/** With fewer models a search would only be in the way. */
const SEARCH_FROM = 8;

type Props = {
  choice: ModelChoice;
  /** The form that these fields belong to, where they do not stand in it. */
  form?: string | undefined;
  /** A model was pressed, or is the first that a search found. Moving with the arrow keys is not yet a choice. */
  onPick?: ((id: string) => void) | undefined;
  onChange?: ((id: string) => void) | undefined;
};

const matches = (option: OfferedModel, query: string) =>
  `${PROVIDER_NAMES[option.provider]} ${option.model}`.toLowerCase().includes(query.trim().toLowerCase());

/** Every model by provider, one to be chosen, with a search where there are many. */
export function ModelList({ choice, form, onPick, onChange }: Props) {
  const { options, model, fallback } = choice;
  const hydrated = useHydrated();
  const [query, setQuery] = useState("");
  const list = useRef<HTMLFieldSetElement>(null);
  const visible = () =>
    list.current?.querySelector<HTMLInputElement>("label:not([hidden]) input[value]:not([value=''])") ?? null;
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const first = visible();
    if (!first) return;
    first.checked = true;
    onChange?.(first.value);
    if (event.key === "Enter" && onPick) onPick(first.value);
    else first.focus();
  };
  const found = options.filter((option) => matches(option, query));
  return (
    <div className="models">
      {hydrated && options.length >= SEARCH_FROM && (
        <input
          type="search"
          className="models-search"
          aria-label="Find a model"
          placeholder="Find a model"
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      )}
      <fieldset className="models-list" ref={list}>
        <legend className="unseen">Model</legend>
        <Row
          form={form}
          id=""
          chosen={model === null}
          hidden={query !== ""}
          onChange={onChange}
          onPick={onPick}
        >
          <span>Default</span>
          {fallback !== null && <span className="note">now {modelName(fallback)}</span>}
        </Row>
        {PROVIDERS.map((provider) => {
          const own = options.filter((option) => option.provider === provider);
          if (own.length === 0) return null;
          return (
            <fieldset key={provider} hidden={!own.some((option) => found.includes(option))}>
              <legend>{PROVIDER_NAMES[provider]}</legend>
              {own.map((option) => (
                <Row
                  key={option.id}
                  form={form}
                  id={option.id}
                  chosen={model === option.id}
                  hidden={!found.includes(option)}
                  onChange={onChange}
                  onPick={onPick}
                >
                  <span>{option.model}</span>
                  <span className="note">{abilityWords(option.abilities)}</span>
                </Row>
              ))}
            </fieldset>
          );
        })}
      </fieldset>
      {found.length === 0 && <p className="note">No model has this in its name.</p>}
    </div>
  );
}

type RowProps = {
  form: string | undefined;
  id: string;
  chosen: boolean;
  hidden: boolean;
  onChange: Props["onChange"];
  onPick: Props["onPick"];
  children: ReactNode;
};

function Row({ form, id, chosen, hidden, onChange, onPick, children }: RowProps) {
  // The arrow keys of a radio group are told as clicks too.
  const pressed = useRef(false);
  const press = () => (pressed.current = true);
  const click = () => {
    if (pressed.current) onPick?.(id);
    pressed.current = false;
  };
  return (
    <label className="model" hidden={hidden} onPointerDown={press}>
      <input
        type="radio"
        name="model"
        value={id}
        form={form}
        defaultChecked={chosen}
        autoComplete="off"
        onChange={() => onChange?.(id)}
        onClick={click}
      />
      <span className="model-words">{children}</span>
    </label>
  );
}
