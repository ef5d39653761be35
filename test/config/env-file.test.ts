// Proves that the key file reads back exactly what was written, that nothing else in it changes, and its mode.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EnvFileError, openEnvFile, withVariables } from "../../plugin/config/env-file.ts";

const KEY = "CLAWCALL_API_KEY";

function set(content: string, variables: Record<string, string>): string {
  return withVariables(Buffer.from(content), variables).toString();
}

describe("what the file says afterwards", () => {
  test.each([
    ["", { [KEY]: "a-b" }, `${KEY}=a-b\n`],
    ["A=1", { [KEY]: "a" }, `A=1\n${KEY}=a\n`],
    ["A=1\r\n", { [KEY]: "a" }, `A=1\r\n${KEY}=a\r\n`],
    [`# mine\n${KEY}=old # why\nA='1'\n`, { [KEY]: "new" }, `# mine\n${KEY}=new # why\nA='1'\n`],
    [`export ${KEY} = "old" # why\n`, { [KEY]: "new" }, `export ${KEY} = new # why\n`],
    [`${KEY}=\nA=1\n`, { [KEY]: "new" }, `${KEY}=new\nA=1\n`],
    [`${KEY}=one two\n`, { [KEY]: "new" }, `${KEY}=new\n`],
    [`${KEY}=old\r\nA=1\r\n`, { [KEY]: "new" }, `${KEY}=new\r\nA=1\r\n`],
    [`${KEY}=1\n${KEY}=2\n`, { [KEY]: "3" }, `${KEY}=3\n${KEY}=3\n`],
    [`#${KEY}=old\n`, { [KEY]: "new" }, `#${KEY}=old\n${KEY}=new\n`],
    // A name inside a value of several lines is none.
    [`A='x\n${KEY}=no\n'\n`, { [KEY]: "yes" }, `A='x\n${KEY}=no\n'\n${KEY}=yes\n`],
    // A quote that is never closed would swallow a quoted value.
    ["A='open\n", { [KEY]: "plain" }, `A='open\n${KEY}=plain\n`],
    ["A='open\n", { [KEY]: "two words" }, `${KEY}='two words'\nA='open\n`],
    ["", { [KEY]: "it's # “所” $HOME\\n" }, `${KEY}=\`it's # “所” $HOME\\n\`\n`],
    ["", { [KEY]: "" }, `${KEY}=''\n`],
    // Node reads the line after an empty value with a blank as that value.
    ["\ufeffA= \n", { [KEY]: "a" }, `\ufeff${KEY}=a\nA= \n`],
  ])("%j with %j", (before, variables, after) => {
    expect(set(before, variables)).toBe(after);
  });

  test.each([["a\rb"], ["x'\"`#y"], ["\ud800"]])("%j cannot be written, and is not", (value) => {
    expect(() => set("A=1\n", { [KEY]: value })).toThrow(EnvFileError);
    expect(() => set("A=1\n", { [KEY]: value })).toThrow(/^CLAWCALL_API_KEY cannot be written/);
  });

  test("bytes of another encoding stay", () => {
    const before = Buffer.from([0x23, 0xe9, 0xa0, 0xff, 0x0a]);
    expect(withVariables(before, { [KEY]: "é" })).toEqual(
      Buffer.concat([before, Buffer.from(`${KEY}='é'\n`)]),
    );
  });

  const value = fc.oneof(
    fc.stringMatching(/^[\w@.+-]{0,40}$/),
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("'", '"', "`", "#", "\n", "\\", " ", "=", "n", "é", "所") }),
  );
  const file = fc.oneof(
    fc.string({
      unit: fc.constantFrom("A", "B=", "\n", "\r\n", "'", '"', "`", "#", " ", "export ", "\\n", `${KEY}=`),
      maxLength: 30,
    }),
    fc
      .array(fc.constantFrom("", "# one", "A='1'", 'B="x" # b', "C=", `${KEY}=old`, "D='1\n2'", "E= 2 "))
      .map((lines) => lines.join("\n")),
  );

  test("property: it reads back exactly, or is refused, whatever was there", () => {
    fc.assert(
      fc.property(file, value, (before, given) => {
        let after: string;
        try {
          after = set(before, { [KEY]: given });
        } catch (error) {
          expect(error).toBeInstanceOf(EnvFileError);
          return;
        }
        expect({ ...parseEnv(after) }).toEqual({ ...parseEnv(before), [KEY]: given });
      }),
      { numRuns: 2_000 },
    );
  });

  test("property: in a file without loose quotes every ordinary value is taken, and all other lines stay", () => {
    const line = fc.constantFrom("", "# it", "A='1'", 'B="x" # b', "C=", " D=1 ", "export F=所", "G=a b # c");
    const ordinary = value.filter(
      (text) => !/[\r\0]/.test(text) && text.isWellFormed() && !/['"`]/.test(text),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(line), fc.boolean(), ordinary, (above, below, isThere, given) => {
        const lines = [...above, ...(isThere ? [`${KEY}=old`] : []), ...below];
        const after = set(`${lines.join("\n")}\n`, { [KEY]: given });
        const others = after.replace(/^CLAWCALL_API_KEY=(?:'[^']*'|[^\n]*)\n/m, "");
        expect(others).toBe(
          `${[...above, ...below].join("\n")}${above.length + below.length > 0 || !isThere ? "\n" : ""}`,
        );
        expect(parseEnv(after)[KEY]).toBe(given);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the file itself", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "switchboard-env-"));
    file = path.join(folder, ".env");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const isWindows = process.platform === "win32";
  const mode = (of: string) => statSync(of).mode & 0o777;

  test("is made with its folder, for its owner alone", () => {
    const deep = path.join(folder, "state", ".env");
    const opened = openEnvFile(deep, [KEY]);
    expect(readdirSync(path.dirname(deep))).not.toContain(".env");
    expect(opened.save({ [KEY]: "a" })).toEqual({ tightened: false });
    expect(readFileSync(deep, "utf8")).toBe(`${KEY}=a\n`);
    if (!isWindows) expect(mode(deep)).toBe(0o600);
    expect(readdirSync(path.dirname(deep))).toEqual([".env"]);
  });

  test.skipIf(isWindows)("is closed to others when it was open to them, and that is told", () => {
    writeFileSync(file, "A=1\n");
    chmodSync(file, 0o644);
    expect(openEnvFile(file, [KEY]).save({ [KEY]: "a" })).toEqual({ tightened: true });
    expect(mode(file)).toBe(0o600);
    expect(openEnvFile(file, [KEY]).save({ [KEY]: "b" })).toEqual({ tightened: false });
  });

  test.skipIf(isWindows)("may be a link, also to what is not there yet", () => {
    mkdirSync(path.join(folder, "kept"));
    const kept = path.join(folder, "kept", "keys");
    symlinkSync(path.join("kept", "keys"), file);
    openEnvFile(file, [KEY]).save({ A: "1" });
    openEnvFile(file, [KEY]).save({ B: "2" });
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(kept, "utf8")).toBe("A=1\nB=2\n");
    expect(mode(kept)).toBe(0o600);
    expect(readdirSync(path.dirname(kept))).toEqual(["keys"]);
  });

  test("given up, nothing is left behind", () => {
    writeFileSync(file, "A=1\n");
    const opened = openEnvFile(file, [KEY]);
    opened.discard();
    opened.discard();
    expect(readdirSync(folder)).toEqual([".env"]);
    expect(readFileSync(file, "utf8")).toBe("A=1\n");
  });

  test("what was written meanwhile is not lost", () => {
    const opened = openEnvFile(file, [KEY]);
    writeFileSync(file, "A=1\n");
    opened.save({ [KEY]: "a" });
    opened.discard();
    expect(readFileSync(file, "utf8")).toBe(`A=1\n${KEY}=a\n`);
  });

  test("a value that cannot be written leaves the file as it was", () => {
    writeFileSync(file, "A=1\n");
    expect(() => openEnvFile(file, [KEY]).save({ [KEY]: "secret\r" })).toThrow(EnvFileError);
    expect(readFileSync(file, "utf8")).toBe("A=1\n");
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("a file in which nothing can be written is found out at once", () => {
    writeFileSync(file, `=${KEY}= `);
    const before = readFileSync(file);
    expect(() => openEnvFile(file, [KEY])).toThrow(/a quote that is never closed/);
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("cannot be written: found out at once, in a sentence", () => {
    mkdirSync(file);
    expect(() => openEnvFile(file, [KEY])).toThrow(/\.env cannot be written \(EISDIR\): make it writable/);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("cannot be replaced at the end: the new content is kept, and the sentence says where", () => {
    const opened = openEnvFile(file, [KEY]);
    let message = "";
    try {
      opened.save({
        // Between the reading and the renaming a folder takes the file's place.
        get [KEY]() {
          mkdirSync(path.join(file, "in the way"), { recursive: true });
          return "a";
        },
      });
    } catch (error) {
      message = String(error);
    }
    const kept = /the new content stands in (.*), rename/.exec(message)?.[1] ?? "";
    expect(readFileSync(kept, "utf8")).toBe(`${KEY}=a\n`);
  });
});
