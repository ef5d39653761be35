// Proves that the gateway's config file is changed where it has to be, keeps its place, owner and mode, is never written
// over what somebody else wrote, and is put back when the gateway would not take it.
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  applyConfigPlan,
  ConfigNotChanged,
  type ConfigWish,
  planConfigChange,
  wholeConfig,
} from "../../plugin/config/gateway-config-file.ts";
import { type Machine, replaceFile, thisMachine } from "../../plugin/config/replace-file.ts";

const ALLOW = {
  change: "unite",
  path: ["gateway", "tools", "allow"],
  items: ["sessions_send"],
} as const;
const TAKE_BACK: ConfigWish = { change: "takeBack", edit: ALLOW };
const DENY: ConfigWish = { change: "unite", path: ["gateway", "tools", "deny"], items: ["exec"] };

let folder: string;
let configFile: string;

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), "switchboard-config-")));
  configFile = path.join(folder, "openclaw.json");
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const read = (name = "openclaw.json") => fs.readFileSync(path.join(folder, name), "utf8");
const plan = (wishes: readonly ConfigWish[] = [ALLOW], env = {}) =>
  planConfigChange({ configFile, env }, wishes);

/** Everything in the folder but the backups. */
const names = () => fs.readdirSync(folder).filter((name) => !name.endsWith(".switchboard-backup"));
const backups = () => fs.readdirSync(folder).filter((name) => name.endsWith(".switchboard-backup"));

async function apply(
  planned = plan(),
  given: {
    readonly validate?: () => Promise<string | undefined>;
    readonly signal?: AbortSignal;
    readonly machine?: Partial<Machine>;
  } = {},
): Promise<string[]> {
  return await applyConfigPlan(planned, given.validate ?? (async () => undefined), {
    signal: given.signal ?? new AbortController().signal,
    machine: { ...thisMachine, pause: async () => {}, ...given.machine },
  });
}

describe("in which file a change belongs", () => {
  test.each<[string, Record<string, string>, string, string]>([
    [
      "a section in a file of its own",
      {
        "openclaw.json": '{gateway: {$include: "./g.json5"}}',
        "g.json5": "{mode: 'local', tools: {allow: ['a']}}",
      },
      "g.json5",
      "{mode: 'local', tools: {allow: ['a', 'sessions_send']}}",
    ],
    [
      "a section in a file of its own that has nothing of it",
      { "openclaw.json": '{gateway: {$include: "g/g.json5"}}', "g/g.json5": "{mode: 'local'}" },
      "g/g.json5",
      "{mode: 'local', tools: { allow: ['sessions_send'] }}",
    ],
    [
      "the file that the section's file includes",
      {
        "openclaw.json": '{gateway: {$include: "./g.json5"}}',
        "g.json5": '{tools: {$include: "./t.json5"}}',
        "t.json5": "{ allow: [] }",
      },
      "t.json5",
      '{ allow: ["sessions_send"] }',
    ],
    [
      "what stands beside an include counts last",
      {
        "openclaw.json": '{$include: "./base.json5", gateway: {port: 1}}',
        "base.json5": "{gateway: {mode: 'local'}}",
      },
      "openclaw.json",
      '{$include: "./base.json5", gateway: {port: 1, tools: { allow: ["sessions_send"] }}}',
    ],
    [
      "other settings that are lists and texts in files of their own",
      {
        "openclaw.json":
          '{gateway: {mode: {$include: "./m.json5"}, tools: {deny: {$include: ["./d.json5", "./e.json5"]}}}}',
        "m.json5": "'local'",
        "d.json5": "['cron', {$include: './e.json5'}]",
        "e.json5": "['exec']",
      },
      "openclaw.json",
      '{gateway: {mode: {$include: "./m.json5"}, tools: {deny: {$include: ["./d.json5", "./e.json5"]}, allow: ["sessions_send"]}}}',
    ],
    [
      "the list of the file that has one",
      {
        "openclaw.json": '{$include: ["./a.json5", "./b.json5"], x: 1}',
        "a.json5": "{gateway: {tools: {allow: ['a']}}}",
        "b.json5": "{}",
      },
      "a.json5",
      "{gateway: {tools: {allow: ['a', 'sessions_send']}}}",
    ],
  ])("%s", async (_, files, changed, text) => {
    for (const [name, content] of Object.entries(files)) write(name, content);
    const [backup] = await apply();
    for (const [name, content] of Object.entries(files))
      expect(read(name)).toBe(name === changed ? text : content);
    expect(fs.readFileSync(backup ?? "", "utf8")).toBe(files[changed]);
    expect(wholeConfig({ configFile, env: {} })).toMatchObject({
      gateway: { tools: { allow: expect.arrayContaining(["sessions_send"]) } },
    });
    expect(plan().changes).toEqual([]);
    await apply(plan([TAKE_BACK]));
    for (const [name, content] of Object.entries(files)) expect(read(name)).toBe(content);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["no config", {}, /^There is no .*openclaw\.json: name the gateway's config with --config/],
    [
      "no JSON5",
      { "openclaw.json": "{gateway: 'secret" },
      /openclaw\.json is not valid JSON5: look at line 1, column 18\. Nothing was changed\.$/,
    ],
    ["no object", { "openclaw.json": "[]" }, /openclaw\.json must hold an object/],
    [
      "a list that is none",
      { "openclaw.json": "{gateway: {tools: {allow: 'x'}}}" },
      /has a "gateway\.tools\.allow" that is not a list: \[ … \]\. Nothing was changed\.$/,
    ],
    [
      "an include that is missing",
      { "openclaw.json": '{$include: "./none.json5"}' },
      /includes .*none\.json5, which could not be read/,
    ],
    [
      "an include that goes in a circle",
      { "openclaw.json": '{a: {$include: "./a.json5"}}', "a.json5": '{$include: "./a.json5"}' },
      /includes it again/,
    ],
    [
      "an include that is no JSON5",
      { "openclaw.json": '{gateway: {$include: "./g.json5"}}', "g.json5": "{" },
      /g\.json5 is not valid JSON5/,
    ],
    [
      "a list in a file of its own",
      { "openclaw.json": '{gateway: {tools: {allow: {$include: "./l.json5"}}}}', "l.json5": "['a']" },
      /^"gateway\.tools\.allow" is a file of its own \(.*l\.json5\) that holds no object: make the change there by hand\. Nothing was changed\.$/,
    ],
    [
      "a list with keys beside its include",
      {
        "openclaw.json": '{gateway: {tools: {$include: ["./a.json5", "./l.json5"], deny: []}}}',
        "a.json5": "{}",
        "l.json5": "['a']",
      },
      /openclaw\.json has other keys beside an include: what is included there must hold an object: \{ … \}\. Nothing was changed\.$/,
    ],
    [
      "a list in the place of the whole",
      { "openclaw.json": '{$include: "./l.json5"}', "l.json5": "['a']" },
      /openclaw\.json must hold an object/,
    ],
    [
      "one file for two sections",
      {
        "openclaw.json": '{gateway: {$include: "./s.json5"}, talk: {$include: "./s.json5"}}',
        "s.json5": "{}",
      },
      /"gateway\.tools\.allow" is put together from several files such that no single change would do/,
    ],
  ])("%s is refused, and everything left as it was", (_, files, message) => {
    for (const [name, content] of Object.entries(files)) write(name, content);
    const refused = () => plan();
    expect(refused).toThrow(ConfigNotChanged);
    expect(refused).toThrow(message);
    expect(refused).not.toThrow(/secret/);
    for (const [name, content] of Object.entries(files)) expect(read(name)).toBe(content);
    expect(fs.readdirSync(folder).sort()).toEqual(Object.keys(files).sort());
  });

  test("what is included is read as the gateway reads it, whatever it holds", () => {
    write("openclaw.json", '{a: {$include: ["./l.json5", "./m.json5"]}, b: {$include: "./t.json5"}}');
    write("l.json5", "['exec', {$include: './t.json5'}]");
    write("m.json5", "['cron']");
    write("t.json5", "'local'");
    expect(wholeConfig({ configFile, env: {} })).toEqual({ a: ["exec", "local", "cron"], b: "local" });
  });

  test("a file outside the config's folder is nobody's to write", () => {
    const outside = write("outside/g.json5", "{}");
    configFile = write("state/openclaw.json", `{gateway: {$include: ${JSON.stringify(outside)}}}`);
    expect(() => plan([ALLOW], { OPENCLAW_INCLUDE_ROOTS: path.dirname(outside) })).toThrow(
      /lies outside the config's folder .* make the change there by hand/,
    );
    expect(() => plan()).toThrow(/which lies outside the config's folder\. Nothing was changed\.$/);
  });

  test.each(["OPENCLAW_CONFIG_READONLY", "OPENCLAW_NIX_MODE"])("%s is respected", (variable) => {
    write("openclaw.json", "{}");
    expect(() => plan([ALLOW], { [variable]: "1" })).toThrow(/is managed from outside/);
  });

  test("other encodings are refused", () => {
    fs.writeFileSync(configFile, Buffer.from("\ufeff{}", "utf16le"));
    expect(() => plan()).toThrow(/is not written in UTF-8: nothing was changed/);
  });
});

describe("how it is written", () => {
  test("several changes in one, byte order mark and all; nothing is left lying about", async () => {
    write("openclaw.json", "\ufeff{gateway: {}}\r\n");
    const now = new Date("2026-11-20T18:51:00.123Z");
    const made = await apply(plan([ALLOW, DENY]), { machine: { now: () => now } });
    expect(read()).toBe('\ufeff{gateway: { tools: { allow: ["sessions_send"], deny: ["exec"] } }}\r\n');
    expect(made).toEqual([`${configFile}.20261120T185100123Z.switchboard-backup`]);
    expect(names()).toEqual(["openclaw.json"]);
    expect(read(path.basename(made[0] ?? ""))).toBe("\ufeff{gateway: {}}\r\n");
  });

  test("twice changes nothing the second time, and makes no backup", async () => {
    write("openclaw.json", "{}");
    await apply();
    const { ino, mtimeMs } = fs.statSync(configFile);
    expect(await apply()).toEqual([]);
    expect(fs.statSync(configFile)).toMatchObject({ ino, mtimeMs });
    expect(backups()).toHaveLength(1);
  });

  test("a link stays a link, whatever it leads over", async () => {
    const real = write("dotfiles/openclaw.json5", "{}");
    fs.symlinkSync(path.join("dotfiles", "openclaw.json5"), path.join(folder, "between"));
    fs.symlinkSync("between", configFile);
    await apply();
    expect(fs.readlinkSync(configFile)).toBe("between");
    expect(fs.lstatSync(real).isFile()).toBe(true);
    expect(fs.readFileSync(real, "utf8")).toContain("sessions_send");
    expect(fs.readdirSync(path.dirname(real))).toHaveLength(2);
  });

  test.runIf(process.platform !== "win32").each([
    [0o600, 0o600],
    [0o640, 0o600],
    [0o644, 0o600],
    [0o444, 0o400],
  ])("%#: the mode stays; the backup is for its owner alone", async (mode, backupMode) => {
    write("openclaw.json", "{}");
    fs.chmodSync(configFile, mode);
    const [backup = ""] = await apply();
    expect(fs.statSync(configFile).mode & 0o7777).toBe(mode);
    expect(fs.statSync(backup).mode & 0o7777).toBe(backupMode);
  });

  test("the owner stays, before anything is in the file", async () => {
    write("openclaw.json", "{}");
    const steps: string[] = [];
    const disk = {
      ...fs,
      statSync: ((file: string, options?: object) => {
        const found = fs.statSync(file, options);
        return file === configFile && found !== undefined
          ? Object.assign(found, { uid: 501, gid: 20 })
          : found;
      }) as typeof fs.statSync,
      fchownSync: (_: number, uid: number, gid: number) => void steps.push(`owner ${uid}:${gid}`),
      writeSync: ((...args: Parameters<typeof fs.writeSync>) => {
        steps.push("content");
        return fs.writeSync(...args);
      }) as typeof fs.writeSync,
    };
    await apply(plan(), { machine: { disk, platform: "linux" } });
    expect(steps).toEqual(["owner 501:20", "content", "owner 501:20", "content"]);

    const others = { ...disk, fchownSync: () => failing("EPERM") };
    await expect(apply(plan([TAKE_BACK]), { machine: { disk: others, platform: "linux" } })).rejects.toThrow(
      /belongs to another user or group, which would be lost \(EPERM\): run this as its owner\. Nothing was changed\.$/,
    );
    expect(read()).toContain("sessions_send");
    expect(names()).toEqual(["openclaw.json"]);
  });

  test("a file with a second name is refused: only one of them would change", async () => {
    write("openclaw.json", "{}");
    fs.linkSync(configFile, path.join(folder, "second"));
    await expect(apply()).rejects.toThrow(/has 2 names \(hard links\)/);
    expect(read()).toBe("{}");
  });

  test.each(["openSync", "writeSync", "fsyncSync", "renameSync", "linkSync"] as const)(
    "when %s fails, everything is as it was",
    async (call) => {
      write("openclaw.json", "{}");
      const disk = {
        ...fs,
        [call]: () => failing("ENOSPC"),
        ...(call === "linkSync" ? { writeFileSync: () => failing("ENOSPC") } : {}),
      };
      await expect(apply(plan(), { machine: { disk } })).rejects.toThrow(
        /cannot be replaced \(ENOSPC\): nothing was changed\.$/,
      );
      expect(read()).toBe("{}");
      expect(fs.readdirSync(folder)).toEqual(["openclaw.json"]);
    },
  );

  test("file systems without hard links, and without synced folders, will do", async () => {
    write("openclaw.json", "{}");
    const disk = {
      ...fs,
      linkSync: () => failing("EPERM"),
      openSync: ((name: string, ...rest: [string]) =>
        name === folder ? failing("EINVAL") : fs.openSync(name, ...rest)) as typeof fs.openSync,
    };
    await apply(plan(), { machine: { disk } });
    expect(read()).toContain("sessions_send");
    expect(names()).toEqual(["openclaw.json"]);
  });

  test("on Windows a file that is open is tried again, and neither owner nor mode are set", async () => {
    write("openclaw.json", "{}");
    let attempts = 0;
    let pauses = 0;
    const disk = {
      ...fs,
      fchmodSync: () => failing("EPERM"),
      fchownSync: () => failing("EPERM"),
      renameSync: (from: fs.PathLike, to: fs.PathLike) => {
        attempts++;
        if (attempts < 4) failing("EPERM");
        fs.renameSync(from, to);
      },
    };
    const machine = { disk, platform: "win32" as const, pause: async () => void pauses++ };
    await apply(plan(), { machine });
    expect([attempts, pauses]).toEqual([4, 3]);
    expect(read()).toContain("sessions_send");

    const open = { ...disk, renameSync: () => failing("EBUSY") };
    await expect(apply(plan([TAKE_BACK]), { machine: { ...machine, disk: open } })).rejects.toThrow(
      /\(EBUSY\): nothing was changed/,
    );
    expect(names()).toEqual(["openclaw.json"]);
  });

  test("what a killed process left is cleared away once it is old", async () => {
    write("openclaw.json", "{}");
    const old = write("openclaw.json.aaaaaaaa.switchboard-new", "{}");
    const fresh = write("openclaw.json.bbbbbbbb.switchboard-new", "{}");
    fs.utimesSync(old, 0, 0);
    await apply();
    expect(names()).toEqual(["openclaw.json", path.basename(fresh)]);
  });
});

describe("others who write it", () => {
  test("a change since it was read is noticed, and stays", async () => {
    write("openclaw.json", "{}");
    const planned = plan();
    write("openclaw.json", "{a: 1}");
    await expect(apply(planned)).rejects.toThrow(
      /was changed by something else just now: nothing was overwritten\. Run this again\.$/,
    );
    expect(read()).toBe("{a: 1}");
    expect(fs.readdirSync(folder)).toEqual(["openclaw.json"]);
  });

  test("a change at the last moment too, while the new content was written", async () => {
    write("openclaw.json", "{}");
    const disk = {
      ...fs,
      linkSync: (from: fs.PathLike, to: fs.PathLike) => {
        fs.writeFileSync(configFile, "{a: 1}");
        fs.linkSync(from, to);
      },
    };
    await expect(apply(plan(), { machine: { disk } })).rejects.toThrow(/nothing was overwritten/);
    expect(read()).toBe("{a: 1}");
  });

  test("a change by the program that has it open on Windows is noticed, and stays", async () => {
    write("openclaw.json", "{}");
    let attempts = 0;
    const disk = {
      ...fs,
      renameSync: (from: fs.PathLike, to: fs.PathLike) => {
        attempts++;
        if (attempts < 3) failing("EPERM");
        fs.renameSync(from, to);
      },
    };
    const pause = async () => {
      if (attempts === 2) write("openclaw.json", "{a: 1}");
    };
    await expect(apply(plan(), { machine: { disk, platform: "win32", pause } })).rejects.toThrow(
      /was changed by something else just now: nothing was overwritten\. Run this again\.$/,
    );
    expect(attempts).toBe(2);
    expect(read()).toBe("{a: 1}");
    expect(fs.readdirSync(folder)).toEqual(["openclaw.json"]);
  });

  test("a link that leads elsewhere now is not followed", async () => {
    const first = write("first.json", "{}");
    const second = write("second.json", "{}");
    fs.symlinkSync(first, configFile);
    const planned = plan();
    fs.rmSync(configFile);
    fs.symlinkSync(second, configFile);
    await expect(apply(planned)).rejects.toThrow(/leads to another file now: run this again/);
    expect([read("first.json"), read("second.json")]).toEqual(["{}", "{}"]);
  });

  test("the gateway's lock is waited for and then taken; it is given back", async () => {
    write("openclaw.json", "{}");
    const lock = write(
      "openclaw.json.lock",
      JSON.stringify({ pid: process.pid, createdAt: "2026-11-20T18:51:00Z" }),
    );
    let pauses = 0;
    let taken: unknown;
    const machine = {
      pause: async () => {
        pauses++;
        if (pauses === 3) fs.rmSync(lock);
      },
      disk: {
        ...fs,
        renameSync: (from: fs.PathLike, to: fs.PathLike) => {
          taken = JSON.parse(fs.readFileSync(lock, "utf8"));
          fs.renameSync(from, to);
        },
      },
    };
    await apply(plan(), { machine });
    expect(pauses).toBe(3);
    // With the process in it: the gateway removes it when that is gone.
    expect(taken).toEqual({ pid: process.pid, createdAt: expect.any(String) });
    expect(names()).toEqual(["openclaw.json"]);
  });

  test("a lock that is not given back is named; one of a process that is gone is removed", async () => {
    write("openclaw.json", "{}");
    write("openclaw.json.lock", JSON.stringify({ pid: process.pid }));
    await expect(apply()).rejects.toThrow(
      /^The gateway is writing its config \(.*openclaw\.json\.lock\): nothing was changed\./,
    );
    expect(names()).toEqual(["openclaw.json", "openclaw.json.lock"]);
    expect(backups()).toEqual([]);
    write("openclaw.json.lock", JSON.stringify({ pid: 2 ** 22 + 1 }));
    await apply();
    expect(names()).toEqual(["openclaw.json"]);
  });
});

describe("when the gateway would not take it", () => {
  const invalid = async () => "gateway.tools: Unrecognized key.";

  test("every file is put back as it was, and the backups go", async () => {
    const files = { "openclaw.json": '{gateway: {$include: "./g.json5"}}', "g.json5": "{}" };
    for (const [name, content] of Object.entries(files)) write(name, content);
    const planned = plan([
      ALLOW,
      { change: "set", path: ["plugins", "entries", "switchboard", "enabled"], value: true },
    ]);
    expect(planned.files).toHaveLength(2);
    let seen = "";
    const problem = apply(planned, {
      validate: async () => {
        seen = read() + read("g.json5");
        return await invalid();
      },
    });
    await expect(problem).rejects.toThrow(
      "The gateway would not take the new config: gateway.tools: Unrecognized key. Everything is as it was.",
    );
    expect(seen).toMatch(/enabled: true.*sessions_send/s);
    for (const [name, content] of Object.entries(files)) expect(read(name)).toBe(content);
    expect(fs.readdirSync(folder).sort()).toEqual(Object.keys(files).sort());
  });

  test("what somebody else wrote meanwhile is not overwritten; the backup stays and is named", async () => {
    write("openclaw.json", "{}");
    const problem = apply(plan(), {
      validate: async () => {
        write("openclaw.json", "{a: 1}");
        return await invalid();
      },
    });
    await expect(problem).rejects.toThrow(
      /nothing was overwritten\. Run this again\. What stood there before is in .*-backup\.$/,
    );
    expect(read()).toBe("{a: 1}");
    expect(read(backups()[0])).toBe("{}");
  });

  test("the second of two files cannot be written: the first is put back", async () => {
    const files = { "openclaw.json": '{gateway: {$include: "./g.json5"}}', "g.json5": "{}" };
    for (const [name, content] of Object.entries(files)) write(name, content);
    const planned = plan([{ change: "set", path: ["talk"], value: 1 }, ALLOW]);
    write("g.json5", "{b: 1}");
    await expect(apply(planned)).rejects.toThrow(
      /g\.json5 was changed by something else just now.* Everything is as it was\.$/,
    );
    expect([read(), read("g.json5")]).toEqual([files["openclaw.json"], "{b: 1}"]);
  });

  test("stopped while the gateway looks at it: put back", async () => {
    write("openclaw.json", "{}");
    const stopping = new AbortController();
    const stopped = apply(plan(), {
      signal: stopping.signal,
      validate: () => {
        stopping.abort();
        return new Promise(() => {});
      },
    });
    await expect(stopped).rejects.toThrow("Stopped. Everything is as it was.");
    expect(read()).toBe("{}");
  });

  test("stopped before anything was written", async () => {
    write("openclaw.json", "{}");
    await expect(apply(plan(), { signal: AbortSignal.abort() })).rejects.toThrow(/^Stopped\.$/);
    expect(fs.readdirSync(folder)).toEqual(["openclaw.json"]);
  });
});

test("replacing a file says so when it is gone", async () => {
  const gone = {
    file: configFile,
    before: Buffer.from(""),
    after: Buffer.from("x"),
    lockOf: configFile,
    withBackup: true,
  };
  await expect(replaceFile(gone)).rejects.toThrow(/cannot be replaced \(ENOENT\): nothing was changed/);
});

function failing(code: string): never {
  throw Object.assign(new Error(code), { code });
}
