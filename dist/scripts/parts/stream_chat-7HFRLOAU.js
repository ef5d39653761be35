#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{Command,describeLine,noteForAgent,noteWishes,processSurroundings,quoted,quotingFor,requireCallId,runPlainScript,runStepOne}from"./chunk-T4KGXG26.js";import"./chunk-YFRDWGCS.js";import"./chunk-K5KWY467.js";import"./chunk-D2QWSLWG.js";var RULE="\u2501".repeat(36);function defineStreamCommand(command,context,surroundings=processSurroundings()){command.description("Show a StepOne conversation line by line as it is spoken.").argument("<call_id>","as callout printed it; the call need not be answered yet").option("--json","pass the service's event stream through as it is").action(async(callId,{json=!1})=>{await runStepOne(context,surroundings,{json:!1},async signal=>{await showConversation(callId,{isRaw:json,signal,surroundings,context})})})}var NotAnswered=class extends Error{name="NotAnswered"};async function showConversation(given,how){let{isRaw,signal,surroundings,context}=how,callId=await requireCallId(given),rest=await surroundings.open(context),{followConversation}=await import("./stream-DORQ67KO.js"),show=text=>{isRaw||context.print(`${text}
`)};show(`\u{1F399}\uFE0F  Streaming real-time conversation
${RULE}
Call ID: ${callId}
Waiting for connection...
`);let quoting=quotingFor(context),{note}=noteForAgent(context);isRaw&&note!==void 0&&context.print(`: ${note}
`);let pieces=followConversation({open:until=>rest.openConversation(callId,until),signal,wait:surroundings.wait,onBroken:()=>context.complain(`The stream broke off: opening it again.
`)}),transcript=[],isAnswered=!0;for await(let piece of pieces)if(isRaw&&surroundings.write(piece.raw),piece.kind==="line"&&(transcript.push(piece),show(describeLine(piece,quoting))),piece.kind==="unreadable"&&context.complain(`StepOne sent something that is no line of a conversation: ${quoted(piece.data)}
`),piece.kind==="end"&&(piece.isShort&&context.complain(`The stream broke off, and some lines may be missing: callinfo shows all of them.
`),show(`
${RULE}
${piece.end==="done"?"\u{1F4DE} Call ended":"\u23F0 Nobody answered"}`),isAnswered=piece.end==="done",!isRaw))break;if(await noteWishes([{callId,transcript}],context),!isAnswered)throw new NotAnswered(`Nobody answered the call ${callId} within 30 s.`)}await runPlainScript(new Command("stream_chat"),import.meta.dirname,defineStreamCommand);
