export { CompareScreen } from "./CompareScreen";
export { ForkFrom } from "./ForkFrom";
export { ForkLine } from "./ForkLine";
