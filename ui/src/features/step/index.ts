export { StepPanel } from "./StepPanel";
