export { CompareScreen } from "./CompareScreen";
export { ForkFrom, ForkWithout } from "./ForkFrom";
export { ForkLine } from "./ForkLine";
