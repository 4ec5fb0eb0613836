export { followChanges, useConnection } from "./changes";
export { StatusBar, useToday } from "./StatusBar";
