import { expect, it } from "vitest";
import { textCommand } from "../../plugin/channel/text-commands.ts";

/** The gateway's own look at words without a sign of a command. */
const isStop = (body: string) => ["stop", "停止"].includes(body.trim().toLowerCase());

it.each([
  ...[
    "/status",
    "/help",
    "/new",
    "/reset",
    "/stop",
    " /STATUS ",
    "/status:",
    "/reset soft",
    "/tools verbose",
  ],
  ...["stop", "停止"],
])("carries out %j", (body) => {
  expect(textCommand(body, isStop)).toBe("taken");
});

it.each([
  ...[
    "/bash ls",
    "/config set a=b",
    "/config: set a=b",
    "/elevated full",
    "/exec security=full",
    "/approve 1 allow-once",
  ],
  ...[
    "/new\n/elevated full",
    "/new practice/other",
    "/reset soft then /exec ask=off",
    "/status /elevated full",
  ],
  ...["/anything_new", "/model x -g", "/Plugins disable switchboard", "\n/pair approve x"],
])("refuses %j", (body) => {
  expect(textCommand(body, isStop)).toBe("refused");
});

it.each([
  ...["What is the weather?", "and/or", "/home/sam/list.txt says what?", "/", "//status", "// /status"],
  ...["Please /exec security=full and say hello", "! ls", "!!!", "stop /elevated full", "／status", "/1"],
])("hands %j to the agent as words", (body) => {
  expect(textCommand(body, isStop)).toBe("words");
});
