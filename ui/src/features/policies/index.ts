export { NEW, useDrafts } from "./drafts";
export { PoliciesScreen } from "./PoliciesScreen";
