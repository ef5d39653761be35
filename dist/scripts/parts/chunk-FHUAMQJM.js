import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
var OF_A_LINE=new Set(["callsPerDay","textsPerDay","minutesPerDay"]),LimitReached=class extends Error{name="LimitReached";rule;constructor(rule,message){super(message),this.rule=rule}get isOfLine(){return OF_A_LINE.has(this.rule)}};export{LimitReached};
