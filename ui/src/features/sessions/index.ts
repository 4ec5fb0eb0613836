export { ContextFill, SessionStatus } from "./SessionRow";
export { SessionsScreen } from "./SessionsScreen";
