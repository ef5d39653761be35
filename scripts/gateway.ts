/**
 * Owns `npm run gateway`: a real gateway in a folder of its own with this package linked, that stays up until
 * it is told to end. Prints one JSON line when it can take calls.
 */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { wholeNumber } from "../plugin/command-line/run.ts";
import { messageOf } from "../plugin/log.ts";
import { startPhoneGateway } from "../plugin/practice/phone-gateway.ts";

const program = new Command("gateway");
program
  .description("Start a practice gateway with Switchboard linked and keep it running until Ctrl-C.")
  .option("--port <port>", "the gateway's port (default: a free one)", (given) =>
    wholeNumber(program, "--port", given, 65_535),
  )
  .option("--state-dir <folder>", "where the gateway keeps its state (default: a temporary folder)")
  .option(
    "--model-url <url>",
    "an OpenAI-compatible endpoint ending in /v1 (default: the scripted model)",
    httpUrl,
  )
  .option("--clawdtalk-server <url>", "where the ClawdTalk line points (default: no line)", httpUrl)
  .option("--clawcall-base-url <url>", "where the ClawCall line points (default: no line)", httpUrl)
  .option("--stepone-base <url>", "where the StepOne line points (default: no line)", httpUrl)
  .option("--owner-number <number>", "the owner's phone number", "+15550001111")
  .parse();

/** An option that must be an http(s) URL. */
function httpUrl(given: string): string {
  if (["http:", "https:"].includes(URL.parse(given)?.protocol ?? "")) return given;
  return program.error(`error: ${JSON.stringify(given)} is not an http(s) URL`);
}

const options = program.opts<{
  port?: number;
  stateDir?: string;
  modelUrl?: string;
  clawdtalkServer?: string;
  clawcallBaseUrl?: string;
  steponeBase?: string;
  ownerNumber: string;
}>();

const stopping = new AbortController();
process.on("SIGINT", () => stopping.abort());
process.on("SIGTERM", () => stopping.abort());

try {
  const gateway = await startPhoneGateway({
    pluginFolder: fileURLToPath(new URL("..", import.meta.url)),
    ...options,
    // Somebody may want to look at it.
    pages: true,
    apiKey: process.env.CLAWDTALK_API_KEY,
    clawcallKey: process.env.CLAWCALL_API_KEY,
    steponeKey: process.env.STEPONEAI_API_KEY,
    readyLimitMs: Number.POSITIVE_INFINITY,
    onWaiting: (sentence) => console.error(sentence),
    signal: stopping.signal,
  });
  const { port, token, stateDir, modelUrl } = gateway;
  console.log(JSON.stringify({ ready: true, port, token, stateDir, modelUrl }));
  // Standard output has the one line alone.
  console.error(
    `The gateway is up until Ctrl-C. The phone's commands work on it with OPENCLAW_STATE_DIR=${stateDir} in their environment, for instance: node scripts/phone.ts status`,
  );
  const told = new Promise<void>((resolve) => stopping.signal.addEventListener("abort", () => resolve()));
  await Promise.race([gateway.ended, told]);
  if (!stopping.signal.aborted) {
    console.error(
      `The gateway ended by itself. Its last words: ${gateway.output().trim().split("\n").at(-1)}`,
    );
    process.exitCode = 1;
  }
  await gateway.stop();
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
process.exit();
