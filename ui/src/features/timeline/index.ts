export { ActPill } from "./RowView";
export { SessionScreen } from "./SessionScreen";
