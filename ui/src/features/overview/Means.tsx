// What days and agents may spend, and what calls are kept off.
import { Breakers } from "../breakers";
import { SharedBudgets } from "../budgets";
import { Block } from "./Block";

export function Budgets() {
  return (
    <Block title="Budgets of days and agents">
      <SharedBudgets />
    </Block>
  );
}

export function CircuitBreakers() {
  return (
    <div id="breakers">
      <Block title="Circuit breakers">
        <Breakers />
      </Block>
    </div>
  );
}
