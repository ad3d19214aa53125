import { Form, useLocation, useNavigation } from "@remix-run/react";
import { Button } from "#app/ui/button.tsx";

type Props = {
  intent: string;
  /** The account or the invite. */
  id?: string;
  label: string;
  /** What assistive technology reads where the label alone does not say whom it is about. */
  about?: string;
  look?: "primary" | "plain" | "danger";
};

/** A form that is only a button. It leads back to the page and the search that it was pressed on. */
export function AdminForm({ intent, id, label, about, look = "plain" }: Props) {
  const { search } = useLocation();
  const { formData } = useNavigation();
  const busy = formData?.get("intent") === intent && formData.get("id") === (id ?? null);
  return (
    <Form method="post" action={`/admin${search}`} preventScrollReset>
      <input type="hidden" name="intent" value={intent} />
      {id !== undefined && <input type="hidden" name="id" value={id} />}
      <Button
        type="submit"
        look={look}
        aria-disabled={busy}
        aria-label={about ? `${label} ${about}` : undefined}
      >
        {label}
      </Button>
    </Form>
  );
}
