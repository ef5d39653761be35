/** Owns what an assistant is made of when nothing else is said (wire page, "Assistant defaults"). */

export interface AssistantWish {
  readonly name: string;
  readonly instructions: string;
  readonly greeting: string;
  readonly features?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly tools?: readonly unknown[] | undefined;
  readonly voice?: string | undefined;
  readonly description?: string | undefined;
}

const FEATURES = ["telephony", "messaging"];
const MODEL = "openai/gpt-4o";
const VOICE = "Rime.ArcanaV3.astra";
const TOOLS = [
  { type: "hangup", hangup: { description: "Ends the call. Use it once both sides have said goodbye." } },
  { type: "send_dtmf", send_dtmf: {} },
];

/** The body of the request that makes an assistant. */
export function assistantBody(wish: AssistantWish) {
  return {
    name: wish.name,
    instructions: wish.instructions,
    greeting: wish.greeting,
    model: wish.model ?? MODEL,
    voice: wish.voice ?? VOICE,
    tools: wish.tools ?? TOOLS,
    enabled_features: wish.features ?? FEATURES,
    ...(wish.description === undefined ? {} : { description: wish.description }),
  };
}
