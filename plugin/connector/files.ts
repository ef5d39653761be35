/** Owns where the background process keeps what is its own: all in `<gateway state folder>/switchboard/`. */
import path from "node:path";
import { openSwitchboardFolder } from "../config/state-folder.ts";

export interface ConnectorFiles {
  readonly folder: string;
  /** Locked as long as the background process lives. */
  readonly lock: string;
  /** What the process last said about itself. */
  readonly status: string;
  /** There as long as the process is wanted. */
  readonly wish: string;
  readonly log: string;
  /** What node itself says when the process cannot even start. */
  readonly crash: string;
}

/** @throws the file system's error when the folder cannot be made. */
export function connectorFiles(stateFolder: string): ConnectorFiles {
  const folder = openSwitchboardFolder(stateFolder);
  return {
    folder,
    lock: path.join(folder, "connect.lock"),
    status: path.join(folder, "connect.status.json"),
    wish: path.join(folder, "connect.wanted.json"),
    log: path.join(folder, LOG_NAME),
    crash: path.join(folder, ".connect.crash"),
  };
}

export const LOG_NAME = ".connect.log";
