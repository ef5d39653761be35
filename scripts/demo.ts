/** Owns `npm run demo`: plays the demo, or holds the line open with `--talk`. The work is in plugin/practice. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { messageOf } from "../plugin/log.ts";
import { playDemo, startDemoLine } from "../plugin/practice/demo.ts";
import { clawdTalkPhone, openSoftphone } from "../plugin/practice/softphone.ts";

const options = new Command("demo")
  .description("Talk to an agent on a real gateway over the practice line. No account and no key are needed.")
  .option("--json", "print one JSON object last, and nothing else on standard output")
  .option("--talk", "hold the line open: type what the caller says, Ctrl-D hangs up")
  .parse()
  .opts<{ json?: boolean; talk?: boolean }>();

const say = (line: string) => (options.json ? console.error(line) : console.log(line));

const stopping = new AbortController();
process.on("SIGINT", () => stopping.abort());
process.on("SIGTERM", () => stopping.abort());

try {
  say("Starting the practice lines (ClawdTalk, ClawCall and StepOne), the scripted model and a gateway …");
  const line = await startDemoLine(fileURLToPath(new URL("..", import.meta.url)), stopping.signal);
  // Whatever is being waited for on the line is given up when the line closes.
  stopping.signal.addEventListener("abort", () => void line.close());
  try {
    if (options.talk) {
      await openSoftphone(clawdTalkPhone(await line.server.ring()), {
        input: process.stdin,
        output: process.stdout,
        approvalsOn: line.server,
      });
    } else {
      const result = await playDemo(line, say);
      if (options.json) console.log(JSON.stringify(result));
      else say("The demo is over: everything it started has been ended.");
    }
  } finally {
    await line.close();
  }
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`The demo failed: ${messageOf(error)}`);
  }
  process.exitCode = stopping.signal.aborted ? 130 : 1;
}
process.exit();
