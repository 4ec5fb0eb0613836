//! The accounts of budgets that still count after a restart.

use crate::{Ledger, LedgerError, layout::per};
use domain::{Account, ExchangeId, KeptAccount, Per, Spending, Timestamp};
use rusqlite::{Connection, params};

impl Ledger {
    /// Those of agents, and those that something was spent of since.
    pub(crate) fn accounts(&self, since: Timestamp) -> Result<Vec<KeptAccount>, LedgerError> {
        let db = self.plain()?;
        let mut statement = db.prepare(
            "SELECT a.n, w.text, a.per, a.holder, a.tokens, a.usd, a.at FROM account a JOIN word w ON w.n = a.budget \
             WHERE a.at >= ?1 OR a.per = ?2 OR EXISTS (SELECT 1 FROM reservation r WHERE r.account = a.n)",
        )?;
        let found = statement.query_map(params![since.0, per::code(Per::Agent)], |row| {
            let account = Account { budget: row.get(1)?, per: per::value(row.get(2)?), holder: row.get(3)? };
            let spent = Spending { tokens: row.get::<_, i64>(4)? as u64, usd: row.get(5)? };
            Ok((row.get(0)?, KeptAccount { account, spent, at: Timestamp(row.get(6)?), open: Vec::new() }))
        })?;
        let mut accounts = Vec::new();
        for row in found {
            let (n, kept) = row?;
            accounts.push(KeptAccount { open: open(&db, n)?, ..kept });
        }
        Ok(accounts)
    }
}

fn open(db: &Connection, account: i64) -> Result<Vec<(ExchangeId, Spending)>, LedgerError> {
    let mut statement = db.prepare_cached("SELECT exchange, tokens, usd FROM reservation WHERE account = ?1")?;
    let found = statement.query_map([account], |row| {
        Ok((ExchangeId(row.get(0)?), Spending { tokens: row.get::<_, i64>(1)? as u64, usd: row.get(2)? }))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
