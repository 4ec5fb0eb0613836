export { PoliciesScreen } from "./PoliciesScreen";
