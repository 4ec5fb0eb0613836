export { StandingLine } from "./StandingLine";
