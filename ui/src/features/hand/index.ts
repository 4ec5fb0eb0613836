export { AnswerQuestion, type Hands } from "./AnswerQuestion";
export { Controls } from "./Controls";
export { HandStatus } from "./HandStatus";
export { MuteRule } from "./MuteRule";
export { BudgetForm } from "./OrderForms";
export { Patience } from "./Patience";
