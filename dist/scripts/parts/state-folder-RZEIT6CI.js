import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{expandHome,findGateway,findPackageFolder,homeFolderOf,openSwitchboardFolder,switchboardFolder}from"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";export{expandHome,findGateway,findPackageFolder,homeFolderOf,openSwitchboardFolder,switchboardFolder};
