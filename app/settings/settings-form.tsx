import { Form, useLocation, useNavigation } from "@remix-run/react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { ErrorLine } from "#app/ui/error-panel.tsx";

/** What came back with a form that was not accepted. */
export type Refused = { formError?: string; fieldErrors?: Record<string, string> } | undefined;

type Props = {
  intent: string;
  /** The section to show after a post without scripts. */
  section: string;
  refused?: Refused;
  saved?: boolean;
  children: (busy: boolean) => ReactNode;
};

/** A form of the settings: empties itself once when it is answered, and leads to the first wrong field. */
export function SettingsForm({ refused, saved = false, ...rest }: Props) {
  const { key } = useLocation();
  // A refusal is here before the page's other data is, and its location after that: by then somebody may type.
  const [last, setLast] = useState({ refused, times: 0 });
  if (last.refused !== refused) setLast({ refused, times: last.times + 1 });
  return <Answered key={saved ? key : last.times} refused={refused} {...rest} />;
}

function Answered({ intent, section, refused, children }: Omit<Props, "saved">) {
  const form = useRef<HTMLFormElement>(null);
  const { formData } = useNavigation();
  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>("input[aria-invalid]")?.focus();
  }, [refused]);
  return (
    <Form
      method="post"
      action={`/settings#${section}`}
      className="settings-form"
      noValidate
      preventScrollReset
      ref={form}
    >
      {refused?.formError && <ErrorLine>{refused.formError}</ErrorLine>}
      <input type="hidden" name="intent" value={intent} />
      {children(formData?.get("intent") === intent)}
    </Form>
  );
}
