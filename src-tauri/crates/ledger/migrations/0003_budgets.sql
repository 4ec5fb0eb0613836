-- Budgets: what is spent of each account, and what calls under way have reserved.

-- holder: a session's id, an agent's name, a day. at: the newest moment that it was spent of.
CREATE TABLE account(
  n INTEGER PRIMARY KEY NOT NULL,
  budget INTEGER NOT NULL,
  per INTEGER NOT NULL,
  holder TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  usd REAL NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE(budget, per, holder)
);

-- exchange: the runtime's id. A row that outlives its runtime counts as spent.
CREATE TABLE reservation(
  account INTEGER NOT NULL,
  exchange INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  usd REAL NOT NULL,
  PRIMARY KEY(exchange, account)
) WITHOUT ROWID;
