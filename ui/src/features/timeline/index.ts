export { ActPill } from "./Acts";
export { SessionScreen } from "./SessionScreen";
