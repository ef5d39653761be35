import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
function quoted(body){return JSON.stringify(body).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,character=>`\\u${character.charCodeAt(0).toString(16).padStart(4,"0")}`)}export{quoted};
