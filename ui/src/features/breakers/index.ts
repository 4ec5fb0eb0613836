export { BreakerStatus } from "./BreakerStatus";
export { Breakers } from "./Breakers";
