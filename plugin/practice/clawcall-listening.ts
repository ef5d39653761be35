// Owns the message queues of the ClawCall practice server and the polls that empty them. A poll whose client has
// gone goes on to its own timeout and still takes a message: that message is lost.
import type { PracticeLine } from "./clawcall-line.ts";
import type { ClawCallListen, ClawCallMessage } from "./clawcall-record.ts";

/** The same client may begin a poll while the end of its last one is still on its way. */
const SIDE_BY_SIDE_MS = 20;

interface Poll {
  readonly listen: ClawCallListen;
  readonly end: (message: ClawCallMessage | undefined) => void;
}

export class Listening {
  readonly #line: PracticeLine;
  readonly #queues = new Map<string, { messages: ClawCallMessage[]; polls: Poll[] }>();

  constructor(line: PracticeLine) {
    this.#line = line;
  }

  /** Whether a client is listening for this agent now. */
  isListening(agentId: string): boolean {
    return this.#queue(agentId).polls.some(({ listen }) => !listen.abandoned);
  }

  /** Puts a message into the agent's queue. */
  push(
    agentId: string,
    given: Pick<ClawCallMessage, "callSid" | "text" | "kind">,
    opened?: (message: ClawCallMessage) => void,
  ): ClawCallMessage {
    const { record, faults, now, newId } = this.#line;
    const message = {
      ...given,
      id: newId("message"),
      at: now(),
      agentId,
      deliveredAt: undefined,
      lost: false,
    };
    opened?.(message);
    record.messageQueued(message);
    const twice = faults.duplicateMessages > 0;
    if (twice) faults.duplicateMessages -= 1;
    const { messages } = this.#queue(agentId);
    messages.push(message, ...(twice ? [message] : []));
    this.#handOut(agentId);
    return message;
  }

  /**
   * Waits for the agent's next message; `undefined` after the timeout (given in seconds).
   *
   * @returns the poll's record, which the caller marks when its client goes away, and what comes of it.
   */
  listen(agentId: string, timeout: number) {
    const { record, waiting, timings, now } = this.#line;
    const listen: ClawCallListen = {
      at: now(),
      agentId,
      timeout,
      timeoutMs: Math.min(timeout * 1_000, timings.longestPollMs),
      abandoned: false,
      message: undefined,
      endedAt: undefined,
    };
    const { polls } = this.#queue(agentId);
    const message = new Promise<ClawCallMessage | undefined>((resolve) => {
      const end = (taken: ClawCallMessage | undefined) => {
        cancel();
        polls.splice(polls.indexOf(poll), 1);
        listen.message = taken;
        listen.endedAt = now();
        resolve(taken);
      };
      const poll: Poll = { listen, end };
      const cancel = waiting.later(listen.timeoutMs, () => end(undefined));
      polls.push(poll);
    });
    record.listening(listen);
    waiting.later(SIDE_BY_SIDE_MS, () => this.#judge(listen));
    this.#handOut(agentId);
    return { listen, message };
  }

  /** A message was written to a client that was there, or was not. */
  delivered(message: ClawCallMessage, arrived: boolean): void {
    if (arrived) message.deliveredAt ??= this.#line.now();
    message.lost = message.deliveredAt === undefined;
    this.#line.waiting.changed();
  }

  #handOut(agentId: string): void {
    const { messages, polls } = this.#queue(agentId);
    for (let poll = polls[0]; poll && messages.length > 0; poll = polls[0]) {
      poll.end(this.#line.faults.reorderMessages ? messages.pop() : messages.shift());
    }
  }

  #judge(listen: ClawCallListen): void {
    const open = ({ abandoned, endedAt }: ClawCallListen) => !abandoned && endedAt === undefined;
    const { polls } = this.#queue(listen.agentId);
    const others = polls.some((other) => other.listen !== listen && open(other.listen));
    if (open(listen) && others) {
      this.#line.record.breach("two_listeners", "Two polls of one key are open side by side.");
    }
  }

  #queue(agentId: string): { messages: ClawCallMessage[]; polls: Poll[] } {
    const queue = this.#queues.get(agentId) ?? { messages: [], polls: [] };
    this.#queues.set(agentId, queue);
    return queue;
  }
}
