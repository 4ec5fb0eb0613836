// What days and agents may spend, and what calls are kept off.
import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
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
  const named = useLocation({ select: ({ hash }) => hash === "breakers" });
  const block = useRef<HTMLDivElement>(null);
  // Whoever was sent here reads on here.
  useEffect(() => {
    if (named) block.current?.focus();
  }, [named]);
  return (
    <div id="breakers" ref={block} tabIndex={-1} className="outline-none">
      <Block title="Circuit breakers">
        <Breakers />
      </Block>
    </div>
  );
}
