import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{EnvFileError,openEnvFile,readEnvFile,withVariables}from"./chunk-UVD4FHRF.js";import"./chunk-7SIBSTAI.js";export{EnvFileError,openEnvFile,readEnvFile,withVariables};
