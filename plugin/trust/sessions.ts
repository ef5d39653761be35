/**
 * Owns which session a speaker's words go to, and how a session tells its tier again.
 *
 * The tier and the call stand in the session key itself: a gateway process registers the plugin more than
 * once and each registration is its own module instance (gateway facts, "Two traps"), so a hook that must
 * hold inside an agent turn can only trust what the run carries.
 */

/** Who is speaking. Decided from facts the carrier and our own store give, never from text. */
export type Tier = "owner" | "guest" | "stranger" | "unknown";

/** A session a turn may run in. Unknown speakers have none. */
export interface SpeakerSession {
  /** "nobody": no one speaks, the words are a task of ours. */
  readonly tier: Exclude<Tier, "unknown"> | "nobody";
  readonly agentId: string;
  readonly sessionKey: string;
}

/** The tool that ends a call: the only one a stranger's session has. */
export const END_CALL = "phone_end_call";
/** The gateway's way to tools it does not show directly; what they call is asked about once more, by its own name. */
const SEARCH_SURFACE: ReadonlySet<string> = new Set(["tool_search", "tool_describe", "tool_call"]);

/**
 * Whether a session of ours may use this tool: a stranger may have the call ended, and nothing else; a guest has what the
 * owner lists (`guestTools`), of which the gate still holds back what does more than read.
 */
export function mayUseTool(
  kind: SessionKind | undefined,
  tool: string,
  guestTools: readonly string[] = [],
): boolean {
  if (kind === "stranger") return tool === END_CALL || SEARCH_SURFACE.has(tool);
  if (kind !== "guest" || guestTools.length === 0) return false;
  return guestTools.includes(tool) || tool === END_CALL || SEARCH_SURFACE.has(tool);
}

/** Where a session with words of guests or strangers is named in what a tool answers. */
export const OTHERS_SESSION = /:switchboard:(?:guest|stranger|mission):/;
const OWN_SESSION = /^agent:[^:]+:switchboard:(guest|stranger|warm-up|mission)(?::|$)/;
/** The gateway keeps sessions that are named like this in its memory alone, whoever begins them. */
const TEST_CALL_SESSION = /^agent:[^:]+:dashboard:incognito-switchboard-test-call-[^:]+$/;

/** The session key of a guest: one per number, whatever `session.scope` and `session.dmScope` say. */
export function guestSession(agentId: string, number: string): SpeakerSession {
  return { tier: "guest", agentId, sessionKey: `agent:${agentId}:switchboard:guest:${keyPart(number)}` };
}

/** The session key of the other end of a call we placed: one per call, nothing of the owner in it. */
export function strangerSession(agentId: string, line: string, callId: string): SpeakerSession {
  return {
    tier: "stranger",
    agentId,
    sessionKey: `agent:${agentId}:switchboard:stranger:${keyPart(line)}:${keyPart(callId)}`,
  };
}

/** The session of the run that fills the gateway's caches at start and never reaches the model. */
export function warmUpSessionKey(agentId: string): string {
  return `agent:${agentId}:switchboard:warm-up`;
}

/** How the keys of all sessions begin in which missions are decided about. */
export function missionSessions(agentId: string): string {
  return `agent:${agentId}:switchboard:mission:`;
}

/**
 * The session of one question about a mission: nobody speaks in it, no tool is there, and it is removed when the question
 * is answered.
 */
export function missionSession(agentId: string, mission: string, question: string): SpeakerSession {
  const sessionKey = `${missionSessions(agentId)}${keyPart(mission)}:${keyPart(question)}`;
  return { tier: "nobody", agentId, sessionKey };
}

/**
 * The session of one test call: never written to disk by the gateway (what is deleted from there stays in its search
 * index), and without tools, so that nothing is left of it.
 *
 * @param id a UUID.
 */
export function testCallSession(agentId: string, id: string): SpeakerSession & { readonly tier: "owner" } {
  return {
    tier: "owner",
    agentId,
    sessionKey: `agent:${agentId}:dashboard:incognito-switchboard-test-call-${id}`,
  };
}

/** What a session of ours is for. */
export type SessionKind = "guest" | "stranger" | OwnKind;
/** Sessions in which nobody's words are answered but our own. */
type OwnKind = "warm-up" | "test-call" | "mission";

/** What a session key says about who speaks in it; undefined for every session that is not ours. */
export function sessionKind(sessionKey: string | undefined): SessionKind | undefined {
  if (sessionKey === undefined) return undefined;
  if (TEST_CALL_SESSION.test(sessionKey)) return "test-call";
  return OWN_SESSION.exec(sessionKey)?.[1] as SessionKind | undefined;
}

/**
 * Whether the agent is offered the phone's own tools in a session: guests and strangers only talk, and a test call leaves
 * nothing behind. In the warming-up run nobody uses them, and by it the doctor sees whether the gateway offers them at all.
 */
export function hasOwnTools(sessionKey: string | undefined): boolean {
  const kind = sessionKind(sessionKey);
  return kind === undefined || kind === "warm-up";
}

/** Whether a session is of a run that we began ourselves, for no speaker. */
export function isOwnKind(kind: string | undefined): kind is OwnKind {
  return kind === "warm-up" || kind === "test-call" || kind === "mission";
}

/**
 * A part of a session key. The gateway lower-cases keys and takes ":" as a separator, so anything else is
 * written as its code points: two different ids never share a session.
 */
function keyPart(text: string): string {
  return text.replace(/[^a-z0-9+-]/gu, (character) => `_${character.codePointAt(0)?.toString(16)}_`);
}
