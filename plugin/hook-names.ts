/**
 * Owns the names of the gateway's hooks that Switchboard takes, so that what is registered can be held against what should
 * be. What they do is hooks.ts's.
 */

/** Whether the gateway leaves the hook out unless the owner grants conversation access (gateway facts). */
const HOOKS = {
  message_received: false,
  before_dispatch: false,
  before_agent_reply: true,
  before_model_resolve: true,
  before_prompt_build: true,
  llm_input: true,
  before_agent_run: true,
  before_tool_call: false,
  after_tool_call: false,
  resolve_exec_env: false,
  message_sending: false,
  reply_payload_sending: false,
  agent_end: true,
} as const satisfies Readonly<Record<string, boolean>>;

export type HookName = keyof typeof HOOKS;

/** All of them. */
export const hookNames = Object.keys(HOOKS) as readonly HookName[];

/** Those that the gateway leaves out without the owner's permission. */
export const conversationHooks = hookNames.filter((name) => HOOKS[name]);

/** The one that the warming-up run is stopped by: it has run in every gateway that has warmed up. */
export const STOPS_WARM_UP: HookName = "before_agent_run";
