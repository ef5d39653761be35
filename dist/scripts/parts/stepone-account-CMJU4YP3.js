import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NoStepOneAccount,keyOfTheVendorsFile,readStepOneAccount}from"./chunk-ECFLETEM.js";import"./chunk-37GDD2Y6.js";import"./chunk-QGS5YJZU.js";import"./chunk-7SIBSTAI.js";export{NoStepOneAccount,keyOfTheVendorsFile,readStepOneAccount};
