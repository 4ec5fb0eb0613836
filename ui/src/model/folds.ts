// Rows and places: where stretches of rows are folded into one, a place on the screen and a row of the session differ.

/** `rows` rows from `first` on, shown as one. */
export type Fold = { first: number; rows: number };

export class Folds<F extends Fold = Fold> {
  /** How many rows are hidden before each fold. */
  private readonly hiddenBefore: number[] = [];
  private readonly hidden: number;

  /** `folds` in order, none overlapping another. */
  constructor(readonly folds: readonly F[]) {
    let hidden = 0;
    for (const fold of folds) {
      this.hiddenBefore.push(hidden);
      hidden += fold.rows - 1;
    }
    this.hidden = hidden;
  }

  /** How many places `total` rows take. */
  places(total: number): number {
    return Math.max(0, total - this.hidden);
  }

  /** The row at a place; of a fold its first. */
  rowAt(place: number): number {
    const at = this.last((fold, i) => fold.first - (this.hiddenBefore[i] ?? 0) <= place);
    const fold = this.folds[at];
    if (!fold) return place;
    const before = this.hiddenBefore[at] ?? 0;
    return place === fold.first - before ? fold.first : place + before + fold.rows - 1;
  }

  /** The place of a row; of one that is hidden its fold's. */
  placeOf(row: number): number {
    const at = this.last((fold) => fold.first <= row);
    const fold = this.folds[at];
    if (!fold) return row;
    const before = this.hiddenBefore[at] ?? 0;
    return row < fold.first + fold.rows ? fold.first - before : row - before - fold.rows + 1;
  }

  /** The fold that a row lies in. */
  over(row: number): F | undefined {
    const fold = this.folds[this.last((one) => one.first <= row)];
    return fold && row < fold.first + fold.rows ? fold : undefined;
  }

  /** The last fold for which `holds`, -1 for none; it holds for those before it too. */
  private last(holds: (fold: F, i: number) => boolean): number {
    let low = 0;
    let high = this.folds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const fold = this.folds[middle];
      if (fold && holds(fold, middle)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
