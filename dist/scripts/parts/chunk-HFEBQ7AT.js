import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
var SetupCancelled=class extends Error{name="SetupCancelled";constructor(){super("Stopped: nothing was changed.")}};function plainFront(context){return{ask:async()=>{},isWanted:async(_question,{name,isGiven})=>{if(name==="--yes"&&!isGiven)throw new Error("Nothing was changed. Where nobody can be asked, --yes says that this is wanted.");return isGiven},show:text=>context.complain(`${text}
`),say:sentence=>context.complain(`${sentence}
`)}}export{SetupCancelled,plainFront};
