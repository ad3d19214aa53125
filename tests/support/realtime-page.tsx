import { useRealtimeRun, useRealtimeRunsWithTag } from "@trigger.dev/react-hooks";
import { createRoot } from "react-dom/client";

/** The page of `run-feed-browser.test.ts`: what the hooks show of one run and of all with its tag. */
function Followed({
  id,
  tag,
  ...options
}: {
  id: string;
  tag: string;
  accessToken: string;
  baseURL: string;
}) {
  const { run, error } = useRealtimeRun(id, options);
  const { runs } = useRealtimeRunsWithTag(tag, options);
  return (
    <>
      <output id="run">{error ? `error: ${error.message}` : run?.status}</output>
      <output id="tag">{runs.map(({ status }) => status).join()}</output>
    </>
  );
}

const query = Object.fromEntries(new URLSearchParams(location.search)) as Record<
  "id" | "tag" | "accessToken" | "baseURL",
  string
>;
createRoot(document.body.appendChild(document.createElement("main"))).render(<Followed {...query} />);
