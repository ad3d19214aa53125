import { FileText, Image, RotateCcw, X } from "lucide-react";
import type { Attached, Attachments } from "#app/chat/use-attachments.ts";
import { isImage, readableSize } from "#app/shared/attachment.ts";
import type { ModelAbilities } from "#app/shared/model-option.ts";
import { Button, IconButton } from "#app/ui/button.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

type Props = {
  attachments: Attachments;
  /** Of the model that will answer; undefined where that is not known. */
  abilities: ModelAbilities | undefined;
};

/** The files of the message that is being written, and what is to be said about them. */
export function AttachmentTray({ attachments, abilities }: Props) {
  const { list, note } = attachments;
  const blind = unseenBy(list, abilities);
  return (
    <>
      {list.length > 0 && (
        <ul className="tray" aria-label="Attached files">
          {list.map((file) => (
            <TrayFile key={file.key} file={file} attachments={attachments} />
          ))}
        </ul>
      )}
      {blind !== null && <p className="note tray-note">{blind}</p>}
      {note !== null && (
        <p className="error-line tray-note" role="alert">
          {note}
        </p>
      )}
    </>
  );
}

/** What the model will not see of these files. */
function unseenBy(list: readonly Attached[], abilities: ModelAbilities | undefined): string | null {
  const some = (what: (file: Attached) => boolean) => list.some((file) => file.failed === null && what(file));
  const images = abilities?.images === false && some(({ mediaType }) => isImage(mediaType));
  const files = abilities?.files === false && some(({ mediaType }) => mediaType === "application/pdf");
  if (!images && !files) return null;
  const kinds = images && files ? "no images and no PDFs" : images ? "no images" : "no PDFs";
  return `This model takes ${kinds}: it will be told only what they are called. Choose another model to have them read.`;
}

function TrayFile({ file, attachments }: { file: Attached; attachments: Attachments }) {
  const hydrated = useHydrated();
  const { key, name, size, share, failed, stored } = file;
  return (
    <li className="tray-file" data-state={stored ? "stored" : failed ? "failed" : "uploading"}>
      {stored && isImage(stored.mediaType) ? (
        <img className="tray-picture" src={`/attachments/${stored.id}`} alt="" width={40} height={40} />
      ) : (
        <span className="tray-picture">
          {isImage(file.mediaType) ? <Image size={18} aria-hidden /> : <FileText size={18} aria-hidden />}
        </span>
      )}
      <span className="tray-words">
        <span className="tray-name">{name}</span>
        {failed ? (
          <span className="tray-why" role="alert">
            {failed.why}
          </span>
        ) : share === null ? (
          <span className="tray-size">{readableSize(size)}</span>
        ) : (
          <progress max={1} value={share} aria-label={`Uploading ${name}`} />
        )}
      </span>
      {failed && !failed.final && (
        <Button className="tray-again" onClick={() => attachments.retry(key)}>
          <RotateCcw size={14} aria-hidden /> Try again
        </Button>
      )}
      {hydrated ? (
        <IconButton label={`Remove ${name}`} onClick={() => attachments.remove(key)}>
          <X size={16} aria-hidden />
        </IconButton>
      ) : null}
      {stored && <Field id={stored.id} name={name} hydrated={hydrated} />}
    </li>
  );
}

/** How the form names the file; without scripts one unticks what is not to be sent. */
function Field({ id, name, hydrated }: { id: string; name: string; hydrated: boolean }) {
  if (hydrated) return <input type="hidden" name="attachment" value={id} />;
  return <input type="checkbox" name="attachment" value={id} defaultChecked aria-label={`Send ${name}`} />;
}
