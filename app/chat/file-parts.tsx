import { FileText } from "lucide-react";
import { attachmentIdOf, isImage } from "#app/shared/attachment.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

type FilePart = Extract<LongrunUIMessage["parts"][number], { type: "file" }>;

/** The files of a message: pictures in places of their own size from the beginning, all else by name. */
export function FileParts({ message }: { message: LongrunUIMessage }) {
  const files = message.parts.filter(
    (part): part is FilePart => part.type === "file" && attachmentIdOf(part.url) !== null,
  );
  if (files.length === 0) return null;
  return (
    <ul className="files">
      {files.map((part) => (
        <li key={part.url} data-part="file">
          <FileLink part={part} />
        </li>
      ))}
    </ul>
  );
}

function FileLink({ part: { url, filename = "file", mediaType } }: { part: FilePart }) {
  if (isImage(mediaType)) {
    return (
      <a href={url} target="_blank" rel="noreferrer" className="file-picture" title={filename}>
        <img src={url} alt={filename} width={144} height={144} loading="lazy" decoding="async" />
      </a>
    );
  }
  return (
    <a href={url} download={filename} className="file-chip">
      <FileText size={16} aria-hidden />
      <span>{filename}</span>
    </a>
  );
}
