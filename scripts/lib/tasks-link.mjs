// DATA_DIR/run/tasks: a link to the build of the tasks that the worker runs. A deploy moves it.
import fs from "node:fs";
import path from "node:path";

/** Where the link of this data folder is. */
const tasksLink = (dataDir) => path.join(dataDir, "run", "tasks");

/** Points the link to a build, in one step, and returns where the link is. */
export function linkTasks(dataDir, build) {
  const link = tasksLink(dataDir);
  const draft = `${link}.${process.pid}`;
  fs.rmSync(draft, { force: true });
  fs.symlinkSync(build, draft, "junction");
  fs.renameSync(draft, link);
  return link;
}
