// How a refusal looks; the commands themselves are generated.

/** What the console answers when it cannot do as asked. */
export class CommandError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string | null,
    /** The HTTP status where there was one; 0 where no answer came. */
    readonly status: number,
  ) {
    super(message);
    this.name = "CommandError";
  }

  static from(value: unknown, status: number): CommandError {
    if (value instanceof CommandError) return value;
    if (typeof value === "object" && value !== null && "message" in value) {
      const { code, message, hint } = value as { code?: unknown; message: unknown; hint?: unknown };
      return new CommandError(String(code ?? "failed"), String(message), hint == null ? null : String(hint), status);
    }
    return new CommandError("failed", String(value), null, status);
  }
}
