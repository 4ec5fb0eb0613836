export { Departure } from "./Departure";
export { RewindFrom } from "./RewindFrom";
export { RewindLine } from "./RewindLine";
