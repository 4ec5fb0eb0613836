// A bar that fills: what is sure is solid, what is held is hatched. The words beside it say the same.

type Props = {
  /** Shares of the bar, 0 to 1. */
  solid: number;
  hatched?: number;
  alarming?: boolean;
  className?: string;
};

export function GaugeBar({ solid, hatched = 0, alarming = false, className = "" }: Props) {
  const wide = (share: number) => `${Math.max(0, Math.min(1, share)) * 100}%`;
  const line = alarming ? "var(--red-9)" : "var(--purple-9)";
  return (
    <span aria-hidden className={`relative block h-1.5 overflow-hidden rounded-sm bg-edge/50 ${className}`}>
      <span
        className={`absolute inset-y-0 left-0 ${alarming ? "bg-error-solid" : "bg-policy-solid"}`}
        style={{ width: wide(solid) }}
      />
      <span
        className="absolute inset-y-0"
        style={{
          left: wide(solid),
          width: wide(hatched),
          backgroundImage: `repeating-linear-gradient(115deg, ${line} 0 1.5px, transparent 1.5px 4px)`,
        }}
      />
    </span>
  );
}
