// How a story is told: its turns, and what its tools give.

/** A story from its turns: `{text, calls: [{name, arguments, result, error, ms, sub}], first, gap, hold, status, fails}`. */
export function story({ turns, ...about }) {
  return {
    tools: [],
    ...about,
    turn: (said) => turns[Math.min(said, turns.length - 1)],
    /** Each scripted result once, in order; a call that no turn has gets an empty one. */
    results() {
      const left = turns.flatMap((turn) => turn.calls ?? []);
      return (call) => {
        const at = left.findIndex((one) => one.name === call.name && JSON.stringify(one.arguments) === JSON.stringify(call.arguments));
        const [found] = at < 0 ? [{ result: "" }] : left.splice(at, 1);
        return { text: found.result, error: found.error ?? false, ms: found.ms, sub: found.sub };
      };
    },
  };
}
