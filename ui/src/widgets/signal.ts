// A value that changes often, watched by one small component instead of everything above it.
import { useState, useSyncExternalStore } from "react";

export class Signal<T> {
  private readonly watchers = new Set<() => void>();

  constructor(private value: T) {}

  read = (): T => this.value;

  set = (value: T): void => {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const tell of this.watchers) tell();
  };

  watch = (tell: () => void): (() => void) => {
    this.watchers.add(tell);
    return () => this.watchers.delete(tell);
  };
}

export function useNewSignal<T>(initial: T): Signal<T> {
  return useState(() => new Signal(initial))[0];
}

export function useSignal<T>(signal: Signal<T>): T {
  return useSyncExternalStore(signal.watch, signal.read);
}
