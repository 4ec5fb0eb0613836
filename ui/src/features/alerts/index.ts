export { AlertList } from "./AlertList";
export { AlertNotices } from "./AlertNotices";
