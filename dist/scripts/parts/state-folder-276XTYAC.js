import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{expandHome,findGateway,findPackageFolder,homeFolderOf,openSwitchboardFolder,switchboardFolder}from"./chunk-37GDD2Y6.js";import"./chunk-IJEZV5B5.js";export{expandHome,findGateway,findPackageFolder,homeFolderOf,openSwitchboardFolder,switchboardFolder};
