import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{asData,quotation,visible}from"./chunk-UJK6A5LP.js";var asSaid=(_speaker,words,forPeople)=>forPeople(words),asQuotation=(speaker,words)=>quotation(speaker,words);function quoted(body){return asData(body)}function asWord(text){return/^[\w+.?:-]+$/.test(text)?text:quoted(text)}var graphemes=new Intl.Segmenter(void 0,{granularity:"grapheme"});function quotedBeginning(body,longest=60){return quoted(beginning(body,longest))}function beginning(body,longest=60){let all=Array.from(graphemes.segment(body.slice(0,longest*100)),({segment})=>segment);return all.length<=longest?body:`${all.slice(0,longest-1).join("").trimEnd()}\u2026`}function spoken(words){return visible(words.replace(/\r\n?|[\u2028\u2029]/g,`
`)).replaceAll(`
`,`
   `)}export{asSaid,asQuotation,quoted,asWord,quotedBeginning,beginning,spoken};
