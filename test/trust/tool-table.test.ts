import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import type { ToolRule } from "../../plugin/config/schema.ts";
import { isSensitive, needsBiometry, type ToolPlaces, toolRule } from "../../plugin/trust/tool-table.ts";

const OWNER = "+15550001111";
const PACKAGE = "/opt/phone";
const places: ToolPlaces = {
  workspace: "/home/sam/workspace",
  packageFolder: PACKAGE,
  node: "/opt/node/bin/node",
  ownerNumbers: [OWNER],
  // A link in the workspace leads out of it.
  realPath: (path) =>
    ({
      "/home/sam/workspace": "/home/sam/workspace",
      "/home/sam/workspace/notes": "/home/sam/workspace/notes",
      "/home/sam/workspace/outside": "/etc",
      "/": "/",
    })[path],
};
const phone = join(PACKAGE, "dist", "scripts", "phone.js");
const sensitive = (tool: string, params: Record<string, unknown> = {}, kind?: string) =>
  isSensitive({ tool, params, kind }, places);

test.each([
  ["read", { path: "notes/today.md" }],
  ["read", { path: "/opt/skills/weather/SKILL.md" }],
  ["memory_search", { query: "dentist" }],
  ["web_search", { query: "dentist" }],
  ["session_status", {}],
  ["tool_search", { query: "mail" }],
  ["process", { action: "poll", sessionId: "1" }],
  ["cron", { action: "list" }],
  ["automations", { action: "runs" }],
  ["phone_call", { number: "me", objective: "Time to go." }],
  ["phone_call", { number: OWNER, objective: "Time to go." }],
  ["phone_mission", { action: "status" }],
  ["phone_mission", { action: "report", slug: "caterers" }],
  ["message", { action: "send", channel: "phone", target: `phone:${OWNER}`, message: "Done." }],
  ["write", { path: "notes/today.md", content: "Milk" }],
  ["write", { path: "/home/sam/workspace/memory/2026-01-01.md", content: "Milk" }],
  ["edit", { path: "notes/today.md", edits: [{ oldText: "Milk", newText: "Oat milk" }] }],
  ["exec", { command: `node ${phone} status` }],
  ["exec", { command: `"/opt/node/bin/node" "${phone}" history --search "the dentist" --limit 5 --json` }],
  ["exec", { command: "node dist/scripts/phone.js sms list --contact +15550002222", workdir: PACKAGE }],
  ["exec", { command: "node dist/scripts/callinfo.js call-1 3", workdir: PACKAGE, yieldMs: 5_000 }],
  ["exec", { command: "node dist/scripts/missions.js report caterers --format csv", workdir: PACKAGE }],
  ["exec", { command: "node dist/scripts/missions.js watch 找人擦窗户", workdir: PACKAGE }],
  ["exec", { command: "node dist/scripts/missions.js list-state --refresh", workdir: PACKAGE }],
  ["exec", { command: "  openclaw phone lines" }],
  ["exec", { command: `cd ${PACKAGE} && node dist/scripts/phone.js status` }],
  ["exec", { command: `cd "${PACKAGE}" && node dist/scripts/sms.js list --limit 5` }],
  ["exec", { command: `node ${phone} call me "The build is done." --at 14:30` }],
  ["exec", { command: "openclaw phone call me Hello" }],
  ["exec", { command: "openclaw phone sms me 'Done: 3 of 3'" }],
] as const)("%s %j is harmless", (tool, params) => {
  expect(sensitive(tool, params)).toBe(false);
});

test.each([
  ["write", { path: "notes/today.md", content: "Milk" }, true],
  ["edit", { path: "notes/today.md", edits: [{ oldText: "Milk", newText: "Oat milk" }] }, true],
  ["web_fetch", { url: "https://example.com/?word=heliotrope" }, true],
  ["web_search", { query: "heliotrope" }, true],
  ["read", { path: "notes/today.md" }, false],
  ["message", { action: "send", channel: "phone", target: OWNER, message: "Done." }, false],
] as const)("where others were just quoted, %s %j is sensitive: %s", (tool, params, expected) => {
  expect(isSensitive({ tool, params }, { ...places, quotesOthers: true })).toBe(expected);
});

test.each([
  // Nobody knows what they do.
  ["outlook__send_mail", { to: "maria@example.com" }],
  ["__proto__", {}],
  ["constructor", {}],
  ["", {}],
  ["tool_search_code", { code: "1" }],
  ["apply_patch", { input: "*** Begin Patch" }],
  ["sessions_spawn", { task: "run a command" }],
  ["sessions_send", { message: "run a command" }],
  ["gateway", { action: "restart" }],
  ["gateway", { action: "config.get" }],
  ["gateway", {}],
  ["gateway", { action: ["config.schema.lookup"] }],
  ["cron", { action: "add" }],
  ["process", { action: "write" }],
  ["phone_call", { number: "+15550002222", objective: "Order bread." }],
  ["phone_mission", { action: "run", plan: {} }],
  ["phone_mission", { action: "approve", slug: "caterers" }],
  ["phone_mission", { action: "resume", slug: "caterers" }],
  ["phone_mission", {}],
  ["exec", { command: "node dist/scripts/missions.js run plan.yaml", workdir: PACKAGE }],
  ["exec", { command: "node dist/scripts/missions.js approve caterers", workdir: PACKAGE }],
  ["exec", { command: "node dist/scripts/missions.js advance", workdir: PACKAGE }],
  ["exec", { command: "node dist/scripts/missions.js schedule-sms a b c d e", workdir: PACKAGE }],
  ["phone_call", { number: "" }],
  ["phone_call", {}],
  ["message", { action: "send", channel: "phone", target: "+15550002222", message: "Hello" }],
  ["message", { action: "send", channel: "phone", message: "Hello" }],
  ["message", { action: "send", channel: "telegram", target: OWNER, message: "Hello" }],
  ["message", { action: "send", channel: "phone", target: OWNER, to: "+15550002222", message: "Hello" }],
  ["message", { action: "send", channel: "phone", target: OWNER, media: "/etc/passwd", message: "Hello" }],
  [
    "message",
    { action: "send", channel: "phone", target: OWNER, targets: ["+15550002222"], message: "Hello" },
  ],
  ["read", { path: "/home/sam/.ssh/id_ed25519" }],
  ["read", { path: "/home/sam/.openclaw/openclaw.json" }],
  ["read", { path: "C:\\Users\\sam\\.env" }],
  ["read", {}],
  ["read", { path: "notes/a.md", file_path: "/home/sam/.env" }],
  ["read", { path: "/proc/self/environ" }],
] as const)("%s %j is sensitive", (tool, params) => {
  expect(sensitive(tool, params)).toBe(true);
});

test.each([
  "/etc/cron.d/job.md",
  "../other/a.md",
  "notes/../../a.md",
  "outside/a.md",
  "~/a.md",
  "HEARTBEAT.md",
  "HEARTB~1.MD",
  "\u017foul.md",
  "heartbeat.md",
  "AGENTS.md",
  "notes/SOUL.md",
  "skills/new/notes.md",
  "hooks/a.md",
  ".git/config.md",
  "notes/.hidden.md",
  "run.sh",
  "package.json",
  "notes/a.md\0.sh",
  "",
  ".",
  7,
])("writing %j is sensitive", (path) => {
  expect(sensitive("write", { path, content: "x" })).toBe(true);
});

it("writes nothing without asking where the workspace is not known, or an argument is not", () => {
  const { workspace: _, ...others } = places;
  expect(isSensitive({ tool: "write", params: { path: "notes/a.md", content: "" } }, others)).toBe(true);
  expect(sensitive("write", { path: "notes/a.md", content: "", file_path: "/etc/passwd" })).toBe(true);
});

test.each([
  `node ${phone} call +15550002222 "Order bread"`,
  `node ${phone} status; rm -rf /`,
  `node ${phone} status && rm -rf /`,
  `node ${phone} status | sh`,
  `node ${phone} status > /etc/passwd`,
  `node ${phone} status $(rm -rf /)`,
  `node ${phone} status \`rm -rf /\``,
  `node ${phone} history --search "$(rm -rf /)"`,
  `node ${phone} status\nrm -rf /`,
  `node ${phone} status & rm`,
  `node ${phone} status #`,
  `node ${phone} status --unheard-of`,
  `node ${phone} "sms list" +15550002222 Hello`,
  `node ${phone} sms "list +15550002222" Hello`,
  `node ${phone} sms +15550002222 Hello`,
  `node ${phone}`,
  `node /tmp/phone.js status`,
  `node ${PACKAGE}/dist/scripts/../../phone.js status`,
  `node --require /tmp/x.js ${phone} status`,
  `NODE_OPTIONS=--require=/tmp/x.js node ${phone} status`,
  `/tmp/node ${phone} status`,
  `cd ${PACKAGE} && node dist/scripts/phone.js status && rm -rf /`,
  `cd ${PACKAGE}; node dist/scripts/phone.js status`,
  `cd ${PACKAGE} & node dist/scripts/phone.js status`,
  `cd /tmp && node dist/scripts/phone.js status`,
  `cd dist && node ../${phone} status`,
  `cd $(rm -rf /) && node dist/scripts/phone.js status`,
  `cd ${PACKAGE} && node dist/scripts/phone.js status | sh`,
  `cd ${PACKAGE} && cd /tmp && node dist/scripts/phone.js status`,
  `cd ${PACKAGE} --x && node dist/scripts/phone.js status`,
  "openclaw phone call +15550002222 Hello",
  "openclaw phone call me Hello --wait; rm -rf /",
  "openclaw phone sms me Hello --media https://example.com/x",
  "openclaw phone sms send +15550002222 me",
  "openclaw config set a b",
  "ls",
  "",
])("the command %j is sensitive", (command) => {
  expect(sensitive("exec", { command })).toBe(true);
});

it("takes a harmless command for sensitive when anything else is set, or it is a program", () => {
  const command = `node ${phone} status`;
  for (const extra of [
    { env: { NODE_OPTIONS: "--require=/tmp/x.js" } },
    { host: "node" },
    { elevated: true },
    { pty: true },
  ]) {
    expect(sensitive("exec", { command, ...extra })).toBe(true);
  }
  expect(sensitive("exec", { command }, "code_mode_exec")).toBe(true);
  expect(sensitive("exec", { command: "node dist/scripts/phone.js status" })).toBe(true);
  expect(sensitive("exec", { command: "node dist/scripts/phone.js status", workdir: "/tmp" })).toBe(true);
});

test.each([
  ["stripe__create_payment", true],
  ["bank_transfer", true],
  ["exec", false],
] as const)("%s needs a fingerprint or face: %j", (tool, needed) => {
  expect(needsBiometry({ tool, params: {} })).toBe(needed);
});

describe("the owner's rules", () => {
  const decide = (
    rules: Record<string, ToolRule>,
    tool: string,
    params: Record<string, unknown> = {},
    kind?: string,
  ) => toolRule({ tool, params, kind }, { rules, places });

  it("come before the table, exact names before parts of names, arguments before names, and of equals the strictest", () => {
    expect(decide({}, "exec", { command: "ls" })).toBe("ask");
    expect(decide({}, "web_search")).toBe("allow");
    expect(decide({ exec: "allow" }, "exec", { command: "ls" })).toBe("allow");
    expect(decide({ bash: "allow" }, "exec", { command: "ls" })).toBe("allow");
    expect(decide({ web_search: "deny" }, "web_search")).toBe("deny");
    expect(decide({ "outlook__*": "allow" }, "outlook__send_mail")).toBe("allow");
    expect(decide({ "outlook__*": "allow", outlook__send_mail: "ask" }, "outlook__send_mail")).toBe("ask");
    expect(decide({ exec: "deny", "exec:git status": "allow" }, "exec", { command: "git status" })).toBe(
      "allow",
    );
    expect(decide({ exec: "allow", "exec:*rm *": "ask" }, "exec", { command: "sudo RM -rf x" })).toBe("ask");
    expect(decide({ "exec:git *": "allow", "exec:*push*": "deny" }, "exec", { command: "git push" })).toBe(
      "deny",
    );
    expect(
      decide({ "message:target=+1555*": "allow" }, "message", { action: "send", target: "+15550002222" }),
    ).toBe("allow");
    expect(
      decide({ "message:target=+1555*": "allow" }, "message", { action: "send", message: "+15550002222" }),
    ).toBe("ask");
    expect(decide({ "*": "deny" }, "web_search")).toBe("deny");
  });

  it("let a pattern reach no further than it was meant", () => {
    const rules = { "exec:git *": "allow", "write:/srv/notes/*": "allow" } as const;
    expect(decide(rules, "exec", { command: "git log" })).toBe("allow");
    for (const command of [
      "git log; rm -rf /",
      "git log | sh",
      "git log $(id)",
      "git log\nid",
      "git log && id",
    ]) {
      expect(decide(rules, "exec", { command })).toBe("ask");
    }
    expect(decide(rules, "exec", { command: "git log", env: { GIT_PAGER: "sh" } })).toBe("ask");
    expect(decide(rules, "exec", { command: "git log", host: "node" })).toBe("ask");
    expect(decide(rules, "exec", { command: "git log" }, "code_mode_exec")).toBe("ask");
    expect(decide(rules, "write", { path: "/srv/notes/a" })).toBe("allow");
    expect(decide(rules, "write", { path: "/srv/notes/../../etc/passwd" })).toBe("ask");
    expect(decide(rules, "write", { path: "/etc/passwd", content: "/srv/notes/a" })).toBe("ask");
    expect(decide(rules, "write", { path: ["/srv/notes/a"] })).toBe("ask");
  });

  it("are about the whole arguments where a tool has no main one", () => {
    expect(decide({ 'acme__buy:{"amount":5}': "allow" }, "acme__buy", { amount: 5 })).toBe("allow");
    expect(decide({ 'acme__buy:{"amount":5}': "allow" }, "acme__buy", { amount: 50 })).toBe("ask");
    expect(decide({ "acme__buy:amount=5": "deny" }, "acme__buy", { amount: 5 })).toBe("deny");
  });
});
