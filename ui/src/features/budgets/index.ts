export { BudgetBar, BudgetRow } from "./BudgetGauge";
export { SharedBudgets } from "./SharedBudgets";
