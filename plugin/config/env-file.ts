/**
 * Owns writing variables into the gateway's `.env` file, where keys live: nothing else in the file changes, nobody
 * else can read it, and no value is ever part of a message.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { isDeepStrictEqual, parseEnv } from "node:util";

/** The file cannot be written, or not so that it reads back the same. The message is for people. */
export class EnvFileError extends Error {
  override readonly name = "EnvFileError";
}

/** A `.env` file that has been found to be writable. */
export interface EnvFile {
  /** Where the variables go: the link's target where `.env` is a link. */
  readonly file: string;
  /**
   * Sets the variables, those that were there in their old place, takes out those that are undefined, and leaves the file
   * readable by its owner alone.
   *
   * @returns `tightened`: others could read the file before. Always false on Windows, which has no such modes.
   * @throws EnvFileError naming the file that holds the variables when the last step, the renaming, failed.
   */
  save(variables: Readonly<Record<string, string | undefined>>): { readonly tightened: boolean };
  /** Gives up; does nothing after `save`. */
  discard(): void;
}

/** Room for a few variables, so that a full disk is found out before there is something to lose. */
const ROOM_BYTES = 4096;

/**
 * Makes sure that variables can be written, before there is anything to write: what is fetched for the file must
 * not be lost because of it.
 *
 * @param file need not exist, nor its folder.
 * @param names the variables there will be.
 * @throws EnvFileError
 */
export function openEnvFile(file: string, names: readonly string[]): EnvFile {
  let target = file;
  let beside: string | undefined;
  let descriptor: number;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    target = followLink(file);
    const present = readIfPresent(target) ?? Buffer.alloc(0);
    withVariables(present, Object.fromEntries(names.map((name) => [name, "value"])));
    beside = `${target}.${randomUUID().slice(0, 8)}.new`;
    descriptor = openSync(beside, "wx", 0o600);
    writeWhole(descriptor, Buffer.concat([present, Buffer.alloc(ROOM_BYTES)]));
  } catch (error) {
    if (beside !== undefined) rmSync(beside, { force: true });
    if (error instanceof EnvFileError) throw error;
    throw new EnvFileError(`${target} cannot be written (${codeOf(error)}): make it writable and try again.`);
  }
  const temporary = beside;
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    file: target,
    save(variables) {
      let isWritten = false;
      try {
        const next = withVariables(readIfPresent(target) ?? Buffer.alloc(0), variables);
        const mode = statSync(target, { throwIfNoEntry: false })?.mode ?? 0;
        writeWhole(descriptor, next);
        isWritten = true;
        close();
        renameSync(temporary, target);
        return { tightened: process.platform !== "win32" && (mode & 0o077) !== 0 };
      } catch (error) {
        close();
        if (error instanceof EnvFileError || !isWritten) rmSync(temporary, { force: true });
        if (error instanceof EnvFileError) throw error;
        throw new EnvFileError(
          isWritten
            ? `${target} could not be replaced (${codeOf(error)}): the new content stands in ${temporary}, rename that yourself.`
            : `${target} cannot be written (${codeOf(error)}).`,
        );
      }
    },
    discard() {
      if (!isOpen) return;
      close();
      rmSync(temporary, { force: true });
    },
  };
}

/** What the file says, as our loader reads it; nothing when it is not there or cannot be read. */
export function readEnvFile(file: string): NodeJS.Dict<string> {
  try {
    return parsed(readFileSync(file));
  } catch {
    return {};
  }
}

/**
 * The file's content with these variables. Everything else stays as it is, byte for byte: a variable that is
 * there gets its new value in its place, a new one is added at the end, or else at the beginning. One that is undefined
 * goes with its line.
 *
 * @throws EnvFileError when no way of writing a value reads back the same.
 */
export function withVariables(
  content: Buffer,
  variables: Readonly<Record<string, string | undefined>>,
): Buffer {
  let text = content;
  for (const [name, value] of Object.entries(variables)) {
    const { [name]: _, ...others } = parsed(text);
    const wanted = value === undefined ? others : { ...others, [name]: value };
    const candidates =
      value === undefined
        ? [withoutVariable(text, name)]
        : WAYS_TO_WRITE.flatMap((way) => [
            replaced(text, name, way(value)),
            appended(text, name, way(value)),
            prepended(text, name, way(value)),
          ]);
    // What counts is how it is read: no rule of ours about quotes, comments and line ends could be as sure.
    const next = candidates.find(
      (candidate) => candidate !== undefined && isDeepStrictEqual(parsed(candidate), wanted),
    );
    if (next === undefined) {
      throw new EnvFileError(
        `${name} cannot be written so that it reads back the same: look in the file for a quote that is never closed, or a line that is no assignment.`,
      );
    }
    text = next;
  }
  return text;
}

const WAYS_TO_WRITE: readonly ((value: string) => string)[] = [
  // Bare words only, lest a shell or another reader of such files understands them differently.
  (value) => (/^[\w.:/@+-]+$/.test(value) ? value : `'${value}'`),
  (value) => value,
  (value) => `'${value}'`,
  (value) => `"${value}"`,
  (value) => `\`${value}\``,
];

/** An assignment: what stands before its value, its name, the value. A quoted value may go over several lines. */
const ASSIGNMENT =
  /^([ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*)('[^']*'|"[^"]*"|`[^`]*`|(?:[^\s#]|[ \t]+(?=[^\s#]))*)/gm;

/** Every assignment of that name has the new value: readers differ in which one counts. */
function replaced(content: Buffer, name: string, written: string): Buffer | undefined {
  let isThere = false;
  // One character per byte: whatever the encoding of the rest is, it stays.
  const text = content.toString("latin1").replace(ASSIGNMENT, (whole, before: string, found: string) => {
    if (found !== name) return whole;
    isThere = true;
    return before + bytes(written);
  });
  return isThere ? Buffer.from(text, "latin1") : undefined;
}

/** Every assignment of that name goes, with what stands behind it in its line. */
function withoutVariable(content: Buffer, name: string): Buffer {
  const lines = new RegExp(`${ASSIGNMENT.source}[^\\r\\n]*(?:\\r?\\n|$)`, ASSIGNMENT.flags);
  const text = content
    .toString("latin1")
    .replace(lines, (whole, _before: string, found: string) => (found === name ? "" : whole));
  return Buffer.from(text, "latin1");
}

function appended(content: Buffer, name: string, written: string): Buffer {
  const text = content.toString("latin1");
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? "\n";
  const before = text === "" || text.endsWith("\n") ? "" : lineEnd;
  return Buffer.from(`${text}${before}${name}=${bytes(written)}${lineEnd}`, "latin1");
}

/** For a file whose end would swallow what follows. */
function prepended(content: Buffer, name: string, written: string): Buffer {
  const mark = content.toString("latin1", 0, 3) === BYTE_ORDER_MARK ? 3 : 0;
  return Buffer.concat([
    content.subarray(0, mark),
    Buffer.from(`${name}=${written}\n`),
    content.subarray(mark),
  ]);
}

/** In bytes. */
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

function bytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** As our loader reads it. */
function parsed(content: Buffer): NodeJS.Dict<string> {
  return { ...parseEnv(content.toString("utf8").replace(/^\uFEFF/, "")) };
}

function followLink(file: string): string {
  if (!lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) return file;
  try {
    return realpathSync(file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    // A link to a file that is not there yet.
    return path.resolve(path.dirname(file), readlinkSync(file));
  }
}

function readIfPresent(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function writeWhole(descriptor: number, content: Buffer): void {
  ftruncateSync(descriptor, 0);
  for (let written = 0; written < content.length; ) {
    written += writeSync(descriptor, content, written, content.length - written, written);
  }
  fsyncSync(descriptor);
}

function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? "unknown error";
}
