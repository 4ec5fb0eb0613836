// Texts too long to come along are fetched by reference, up to a limit that is said.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { call, type MessageView, type Text } from "./index";

/** No window should hold more of one body than this. */
export const MOST = 8 * 1024 * 1024;
const PIECE = 512 * 1024;

export type Body = { text: string; total: number; whole: boolean };

type Loaded = { body: Body | undefined; error: unknown };

/** A text that came along or must be fetched. */
export function useText(text: Text | null | undefined): Loaded {
  const long = text != null && typeof text !== "string" ? text : null;
  const fetched = useQuery({
    queryKey: ["blob", long?.ref],
    enabled: long !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    queryFn: ({ signal }) => fetchText(long?.ref ?? "", long?.length ?? 0, signal),
  });
  const inline = typeof text === "string" ? text : null;
  const body = useMemo(
    () => (inline === null ? undefined : { text: inline, total: inline.length, whole: true }),
    [inline],
  );
  return long === null ? { body, error: null } : { body: fetched.data, error: fetched.error };
}

/** A message's body; empty text where the message has none, undefined where there is no message (yet). */
export function useBody(message: MessageView | null | undefined): Loaded {
  return useText(message ? (message.body_ref ?? message.body ?? "") : null);
}

/** A message's whole body where it has at most `limit` bytes, else null. */
export async function readBody(message: MessageView, limit: number, signal: AbortSignal): Promise<string | null> {
  const long = message.body_ref;
  if (!long) return message.body ?? "";
  return long.length > limit ? null : (await fetchText(long.ref, long.length, signal)).text;
}

async function fetchText(ref: string, length: number, signal: AbortSignal): Promise<Body> {
  let text = "";
  let offset = 0;
  let total = length;
  while (offset < Math.min(total, MOST)) {
    const piece = await call("get_blob", { ref, offset, length: PIECE }, signal);
    text += piece.text;
    total = piece.total;
    if (piece.length <= 0) break;
    offset += piece.length;
  }
  return { text, total, whole: offset >= total };
}
