import { Paperclip } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Attachments } from "#app/chat/use-attachments.ts";

/** What a picker offers first; what a file is, is told from its content. */
const ACCEPT =
  "image/png,image/jpeg,image/gif,image/webp,application/pdf,text/*,.md,.csv,.json,.yaml,.yml,.toml,.xml,.sql,.log,.ts,.tsx,.js,.jsx,.py,.rb,.go,.rs,.java,.c,.h,.cpp,.cs,.php,.sh,.ini,.tex";

/** Picks files. Without scripts it is the browser's own field, and its files come with the form. */
export function AttachButton({ attachments, disabled }: { attachments: Attachments; disabled: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const { add } = attachments;
  const take = (field: HTMLInputElement) => {
    if (field.files && field.files.length > 0) add([...field.files]);
    field.value = "";
  };
  useEffect(() => {
    // Picked before the scripts arrived.
    if (input.current) take(input.current);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once
  }, []);
  return (
    <label className="round attach" title="Attach images, PDFs or text">
      <Paperclip size={17} aria-hidden />
      <input
        ref={input}
        type="file"
        name="files"
        multiple
        accept={ACCEPT}
        aria-label="Attach files"
        disabled={disabled}
        onChange={(event) => take(event.currentTarget)}
      />
    </label>
  );
}
