import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
function quoted(body){return JSON.stringify(body).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,character=>`\\u${character.charCodeAt(0).toString(16).padStart(4,"0")}`)}function spoken(words){return words.replace(/\r\n?/g,`
`).replace(/(?![\n\t\u2028\u2029])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,character=>`\\u${character.charCodeAt(0).toString(16).padStart(4,"0")}`).replace(/[\n\u2028\u2029]/g,`
   `)}export{quoted,spoken};
