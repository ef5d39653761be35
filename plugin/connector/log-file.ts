/** Owns the background process's log: a file of at most 1 MB, and the one before it. */
import { createStream } from "rotating-file-stream";
import type { Log } from "../log.ts";
import { LOG_NAME } from "./files.ts";

export interface LogFile extends Log {
  /** Resolves when everything is on the disk. */
  close(): Promise<void>;
}

export interface LogFileOptions {
  readonly folder: string;
  /** True writes debug lines too. */
  readonly debug: boolean;
  /** As rotating-file-stream writes sizes. Default 1 MB. */
  readonly size?: `${number}${"B" | "K" | "M"}`;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Opens the log; a full one becomes `<name>.1`, in the place of the one before. Writing never fails loudly. */
export function openLogFile({ folder, debug, size = "1M", now = Date.now }: LogFileOptions): LogFile {
  const stream = createStream((index) => (index ? `${LOG_NAME}.${String(index)}` : LOG_NAME), {
    path: folder,
    size,
    rotate: 1,
    mode: 0o600,
  });
  // A full disk is no reason to end a phone call.
  stream.on("error", () => {});
  stream.on("warning", () => {});
  const at = (level: keyof Log) => (message: string) => {
    const oneLine = message.replaceAll(/\s*[\r\n]+\s*/g, " | ");
    stream.write(`${new Date(now()).toISOString()} ${level} ${oneLine}\n`);
  };
  return {
    debug: debug ? at("debug") : () => {},
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
