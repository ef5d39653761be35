import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{loadConfig}from"./chunk-WKMFBKLD.js";import"./chunk-YZL36EJP.js";import"./chunk-OOGVGLB3.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-VXZ62J3O.js";import"./chunk-IJEZV5B5.js";export{loadConfig};
