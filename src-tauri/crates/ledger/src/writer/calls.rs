//! Tool calls: proposed by one exchange, returned by a later one.

use super::{
    pen::{Pen, Written},
    store::Lane,
};
use crate::{ChangeKind, layout::*};
use domain::{ToolCalled, ToolReturned};
use rusqlite::{OptionalExtension, params};

impl Pen<'_> {
    pub fn called(&mut self, called: &ToolCalled) -> Written {
        let (n, session) = self.exchange_or_bare(called.exchange, called.session, called.at)?;
        let Some(memory) = self.memory.exchanges.get_mut(&called.exchange.0) else { return Ok(()) };
        if memory.calls >= MOST_PLACES {
            tracing::warn!(exchange = %called.exchange, "more tool calls than a timeline can hold");
            return Ok(());
        }
        let key = n << PLACE_BITS | memory.calls;
        memory.calls += 1;
        let after = called.at.0 - memory.at;
        let name = self.word(&called.call.name)?;
        let preview = self.preview(&called.preview)?;
        let arguments = called.call.arguments.as_bytes();
        let arguments = self.addressed(session, Lane::by_start(arguments), arguments)?;
        self.db
            .prepare_cached(
                "INSERT INTO tool_call(key, id, name, place, arguments, after, blocked, preview) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![key, called.call.id, name, called.call.index, arguments, after, called.blocked, preview])?;
        self.append_row(called.session, ROW_TOOL, n, Some(key))?;
        self.note_word(called.session, WORD_TOOL, name)?;
        self.tell(ChangeKind::Exchange, Some(called.session), Some(called.exchange));
        Ok(())
    }

    pub fn returned(&mut self, returned: &ToolReturned) -> Written {
        let Some((caller, _)) = self.exchange(returned.called_by)? else {
            tracing::debug!(call = returned.call_id, "a result for a call that was dropped");
            return Ok(());
        };
        let (by, _) = self.exchange_or_bare(returned.exchange, returned.session, returned.at)?;
        let started = self.memory.exchanges.get(&returned.called_by.0).map_or(returned.at.0, |memory| memory.at);
        let call: Option<(i64, i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT key, name, after FROM tool_call WHERE key >= ?1 AND key < ?2 AND id = ?3 \
                 ORDER BY returned_by IS NOT NULL, key LIMIT 1",
            )?
            .query_row(params![caller << PLACE_BITS, (caller + 1) << PLACE_BITS, returned.call_id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((key, name, after)) = call else { return Ok(()) };
        let returned_after = returned.at.0 - started;
        let error = returned.error.map_or(0, |evidence| evidence::code(evidence) + 1);
        let preview = self.preview(&returned.preview)?;
        self.db
            .prepare_cached(
                "UPDATE tool_call SET returned_by = ?2, returned_after = ?3, error = ?4, preview = ?5 WHERE key = ?1",
            )?
            .execute(params![key, by, returned_after, error, preview])?;
        self.memory.sums.add_call(returned.at, name, returned.error.is_some(), returned_after - after);
        self.tell(ChangeKind::Exchange, Some(returned.session), Some(returned.called_by));
        Ok(())
    }
}
