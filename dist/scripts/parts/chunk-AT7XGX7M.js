import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
var StoreError=class extends Error{name="StoreError"};export{StoreError};
