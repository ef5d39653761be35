#!/usr/bin/env node
// Lets people try the phone without an account: practice lines, ClawdTalk's, ClawCall's and StepOne's, and a softphone
// in the terminal.
import { Command, InvalidArgumentError } from "commander";
import { messageOf } from "../plugin/log.ts";
import { runPracticeSession } from "../plugin/practice/command.ts";

interface Flags {
  readonly port?: number;
  readonly clawcallPort?: number;
  readonly steponePort?: number;
  readonly key?: string;
  readonly ownerNumber?: string;
  readonly json?: true;
}

const flags = new Command("practice")
  .description(
    "Try the phone without an account: opens practice lines (ClawdTalk, ClawCall, StepOne), rings your agent, lets you talk to it.",
  )
  .option("--port <number>", "port of the ClawdTalk line on 127.0.0.1 (default: any free one)", portNumber)
  .option("--clawcall-port <number>", "port of the ClawCall line (default: any free one)", portNumber)
  .option("--stepone-port <number>", "port of the StepOne line (default: any free one)", portNumber)
  .option("--key <text>", "made-up API key the lines accept (default: fixed practice keys)", madeUpKey)
  .option("--owner-number <number>", "your phone number, as in +15550001111", phoneNumber)
  .option("--json", "print one JSON line per event; notices go to stderr")
  // Commander has printed what it has to say; help is no error.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Flags>();

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

try {
  await runPracticeSession({
    ...flags,
    input: process.stdin,
    output: process.stdout,
    notices: process.stderr,
    signal: stop.signal,
  });
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
// An open stdin would keep the process alive after the call.
process.stdin.destroy();

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("A port is a whole number from 1 to 65535.");
  }
  return port;
}

function madeUpKey(text: string): string {
  // It is sent in a header.
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new InvalidArgumentError("A key is one word of ASCII letters, digits and signs.");
  }
  return text;
}

function phoneNumber(text: string): string {
  if (!/^\+[1-9]\d{6,14}$/.test(text)) {
    throw new InvalidArgumentError("A number starts with + and the country code, as in +15550001111.");
  }
  return text;
}
