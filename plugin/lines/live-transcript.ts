/**
 * Owns what is written down of a call while it goes on: everything the other end says and everything that is spoken to
 * it, in order, so that other processes can follow.
 */
import type { CallVoice, TranscriptLine } from "../carriers/carrier.ts";
import { type Log, messageOf } from "../log.ts";
import { noteLine } from "../store/call-lines.ts";
import type { Store } from "../store/database.ts";

export class LiveTranscript {
  readonly #p: { readonly line: string; readonly store: Store; readonly log: Log };

  constructor(parameters: { readonly line: string; readonly store: Store; readonly log: Log }) {
    this.#p = parameters;
  }

  /** The other end has said this. Never throws. */
  heard(callId: string, words: string): void {
    this.#note(callId, { speaker: "other", words });
  }

  /** This was spoken to the other end. Never throws. */
  said(callId: string, words: string): void {
    this.#note(callId, { speaker: "agent", words });
  }

  /** The same voice, with everything it speaks written down. */
  recording(voice: CallVoice): CallVoice {
    return {
      capabilities: voice.capabilities,
      speak: (turn, text) => {
        const isSpoken = voice.speak(turn, text);
        if (isSpoken) this.said(turn.callId, text);
        return isSpoken;
      },
      answer: (turn, text, how) => {
        voice.answer(turn, text, how);
        this.said(turn.callId, text);
      },
      sendContext: (callId, context) => voice.sendContext(callId, context),
      greet: (callId, text) => {
        const isSpoken = voice.greet(callId, text);
        if (isSpoken) this.said(callId, text);
        return isSpoken;
      },
    };
  }

  #note(carrierCallId: string, { speaker, words }: TranscriptLine): void {
    const { line, store, log } = this.#p;
    if (words.trim() === "") return;
    noteLine(store, { line, carrierCallId, speaker, words }).catch((error: unknown) =>
      log.debug(`What was said on call ${carrierCallId} could not be written down: ${messageOf(error)}`),
    );
  }
}
