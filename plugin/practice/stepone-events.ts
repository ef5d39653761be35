// Owns how a practice session is told what happens on a StepOne practice server, one event at a time.
import type { StepOnePracticeCall } from "./stepone-calls.ts";
import type { StepOnePractice } from "./stepone-server.ts";
import type { StepOneRole, StepOneRule } from "./stepone-wire.ts";

/** One thing that happened on the line. */
export type StepOneEvent =
  | { readonly kind: "request"; readonly method: string; readonly path: string; readonly status: number }
  | {
      readonly kind: "call";
      readonly callId: string;
      readonly number: string;
      readonly state: StepOnePracticeCall["state"];
    }
  | { readonly kind: "said"; readonly callId: string; readonly role: StepOneRole; readonly content: string }
  | { readonly kind: "violation"; readonly rule: StepOneRule; readonly message: string };

/** Tells everything that happens on the line, each thing once and at once, until the line is closed. */
export function followStepOne(line: StepOnePractice, tell: (event: StepOneEvent) => void): void {
  const answered = new Set<object>();
  const calls = new Map<StepOnePracticeCall, { state: StepOnePracticeCall["state"]; said: number }>();
  let violations = 0;
  const tellCall = (call: StepOnePracticeCall) => {
    const { id: callId, number, state, lines } = call;
    const told = calls.get(call);
    const { said = 0 } = told ?? {};
    calls.set(call, { state, said: lines.length });
    for (const { role, content } of lines.slice(said)) tell({ kind: "said", callId, role, content });
    if (told?.state !== state) tell({ kind: "call", callId, number, state });
  };
  const tellNew = (): undefined => {
    for (const request of line.requests) {
      const { method, path, status } = request;
      if (status === undefined || answered.has(request)) continue;
      answered.add(request);
      tell({ kind: "request", method, path, status });
    }
    for (const { rule, message } of line.violations.slice(violations)) {
      violations += 1;
      tell({ kind: "violation", rule, message });
    }
    for (const call of line.calls) tellCall(call);
  };
  // The line looks after everything that happens. Nothing is ever found: only its closing ends this.
  line.until(tellNew, "the end of the line", { timeoutMs: Number.POSITIVE_INFINITY }).catch(() => {});
}
