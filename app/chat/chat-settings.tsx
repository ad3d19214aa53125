import { useFetcher } from "@remix-run/react";
import { ChevronDown } from "lucide-react";
import { useEffect, useState, type FormEvent, type ReactNode, type RefObject } from "react";
import { ModelList } from "#app/chat/model-list.tsx";
import { SpentLine } from "#app/chat/spent-line.tsx";
import { ThisChat } from "#app/chat/this-chat.tsx";
import { WordsFields } from "#app/chat/words-fields.tsx";
import type { ShownSettings } from "#app/shared/chat-settings.ts";
import { chosenName } from "#app/shared/model-names.ts";
import type { ModelChoice } from "#app/shared/model-option.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { useCloseDetails } from "#app/ui/use-close-details.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Answer = { done?: true; error?: string };

const NONE = { systemPrompt: null, temperature: null, secondLook: false };

/** The settings of a chat that is not made yet: fields of the form that makes it. */
export function NewChatSettings({ choice, form }: { choice: ModelChoice; form: string }) {
  const { ref, fold } = useCloseDetails();
  const [model, setModel] = useState(choice.model);
  const now = { ...choice, model };
  return (
    <Panel panelRef={ref} label={chosenName(now)}>
      <ModelList choice={choice} form={form} onChange={(id) => setModel(id || null)} onPick={fold} />
      <WordsFields settings={NONE} choice={now} form={form} />
    </Panel>
  );
}

type Props = { chatId: string; title: string | null; settings: ShownSettings };

/** The settings of an open chat, and what can be done with it. A change counts from the next turn on. */
export function ChatSettings({ chatId, title, settings }: Props) {
  const { choice, systemPrompt, temperature, secondLook } = settings;
  const { ref, show, fold } = useCloseDetails();
  const hydrated = useHydrated();
  const model = useFetcher<Answer>();
  const words = useFetcher<Answer>();
  const picked = model.formData?.get("model");
  const shown = typeof picked === "string" ? { ...choice, model: picked || null } : choice;
  const action = `/chats/${chatId}`;
  const pick = (id: string) => {
    model.submit({ intent: "model", model: id, stay: "1" }, { method: "post", action });
    fold();
  };
  const submitModel = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const id = new FormData(event.currentTarget).get("model");
    if (typeof id === "string") pick(id);
  };
  useEffect(() => {
    if (model.data?.error) show();
  }, [model.data, show]);
  return (
    <Panel panelRef={ref} label={chosenName(shown)} trouble={choice.gone}>
      {choice.gone && (
        <p className="notice">
          {choice.model} is not offered any more, or its provider cannot be reached. Choose another model.
        </p>
      )}
      <form method="post" action={action} onSubmit={submitModel} className="panel-form">
        <input type="hidden" name="intent" value="model" />
        {model.data?.error && <ErrorLine>{model.data.error}</ErrorLine>}
        {/* Chosen elsewhere: the list begins anew with it. */}
        <ModelList key={choice.model ?? ""} choice={choice} onPick={pick} />
        <Button type="submit">Use this model</Button>
      </form>
      <words.Form method="post" action={action} className="panel-form">
        <input type="hidden" name="intent" value="words" />
        {hydrated && <input type="hidden" name="stay" value="1" />}
        <WordsFields
          key={`${temperature} ${secondLook} ${systemPrompt}`}
          settings={settings}
          choice={choice}
        />
        {words.data?.error && <ErrorLine>{words.data.error}</ErrorLine>}
        <div className="panel-actions">
          <Button type="submit" aria-disabled={words.state !== "idle"}>
            Save
          </Button>
          <output className="note">
            {words.state === "idle" && words.data?.done && "Saved. It counts from the next answer."}
          </output>
        </div>
      </words.Form>
      <ThisChat chatId={chatId} title={title} />
      <SpentLine spent={settings.spent} />
    </Panel>
  );
}

type PanelProps = {
  panelRef: RefObject<HTMLDetailsElement>;
  label: ReactNode;
  trouble?: boolean;
  children: ReactNode;
};

function Panel({ panelRef, label, trouble = false, children }: PanelProps) {
  return (
    <details className="chat-panel" ref={panelRef}>
      <summary data-trouble={trouble ? "" : undefined}>
        <span className="unseen">Model and settings: </span>
        <span className="chat-panel-name">{label}</span>
        <ChevronDown size={14} aria-hidden />
      </summary>
      <div className="chat-panel-body">{children}</div>
    </details>
  );
}
