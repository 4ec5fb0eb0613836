// Something told that goes away by itself.
import { useEffect, useState } from "react";

const LONG_MS = 4_000;

export function useBriefly(): [string | null, (told: string) => void] {
  const [told, setTold] = useState<string | null>(null);
  useEffect(() => {
    if (told === null) return;
    const timer = setTimeout(() => setTold(null), LONG_MS);
    return () => clearTimeout(timer);
  }, [told]);
  return [told, setTold];
}
