import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{asQuotation,asSaid,asWord,beginning,quoted,quotedBeginning,shownJson,spoken}from"./chunk-7TDTSTXK.js";import"./chunk-U6BWMZ6M.js";import"./chunk-7SIBSTAI.js";export{asQuotation,asSaid,asWord,beginning,quoted,quotedBeginning,shownJson,spoken};
