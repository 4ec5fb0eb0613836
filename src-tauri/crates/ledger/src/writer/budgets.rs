//! Accounts of budgets: what is spent, and what calls under way have reserved.

use super::pen::{Pen, Written};
use crate::{ChangeKind, layout::per};
use domain::{Account, ExchangeId, SessionId, Spending, Timestamp};
use rusqlite::{Connection, params};

impl Pen<'_> {
    /// What an exchange has reserved, in the place of what it had.
    pub fn reserved(
        &mut self,
        exchange: ExchangeId,
        session: SessionId,
        at: Timestamp,
        amounts: &[(Account, Spending)],
    ) -> Written {
        self.release(exchange)?;
        for (account, amount) in amounts {
            let n = self.account(account, Spending::default(), at)?;
            self.db
                .prepare_cached("INSERT INTO reservation(account, exchange, tokens, usd) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![n, exchange.0, amount.tokens as i64, amount.usd])?;
        }
        self.tell(ChangeKind::Session, Some(session), Some(exchange));
        Ok(())
    }

    /// An exchange reserves nothing any more; its accounts stand as told.
    pub fn settled(
        &mut self,
        exchange: ExchangeId,
        session: Option<SessionId>,
        at: Timestamp,
        spent: &[(Account, Spending)],
    ) -> Written {
        self.release(exchange)?;
        for (account, spent) in spent {
            self.account(account, *spent, at)?;
        }
        self.tell(ChangeKind::Session, session, Some(exchange));
        Ok(())
    }

    fn release(&mut self, exchange: ExchangeId) -> Written {
        self.db.prepare_cached("DELETE FROM reservation WHERE exchange = ?1")?.execute([exchange.0])?;
        Ok(())
    }

    /// What is spent only grows, so that it does not matter which of two settlements is written first.
    fn account(&mut self, account: &Account, spent: Spending, at: Timestamp) -> Written<i64> {
        let budget = self.word(&account.budget)?;
        self.db
            .prepare_cached(
                "INSERT INTO account(budget, per, holder, tokens, usd, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT(budget, per, holder) DO UPDATE SET tokens = max(tokens, excluded.tokens), usd = max(usd, excluded.usd), \
                 at = max(at, excluded.at) RETURNING n",
            )?
            .query_row(
                params![budget, per::code(account.per), account.holder, spent.tokens as i64, spent.usd, at.0],
                |row| row.get(0),
            )
    }
}

/// Deletes accounts of days and sessions that nothing was spent of since; an agent's is for good.
pub fn forget_accounts(db: &Connection, before: Timestamp) -> Written {
    db.prepare_cached(
        "DELETE FROM account WHERE at < ?1 AND per != ?2 AND NOT EXISTS (SELECT 1 FROM reservation r WHERE r.account = account.n)",
    )?
    .execute(params![before.0, per::code(domain::Per::Agent)])?;
    Ok(())
}
