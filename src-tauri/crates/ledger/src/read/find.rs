//! Full-text search over appended messages and answers. The index holds words only; a snippet is read from the record itself.

use super::{cut, filter};
use crate::{Ledger, LedgerError, pack::AnswerPack, text};
use domain::{ExchangeId, SessionId};
use sqlx::Row;

#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub step: u32,
    /// Whether the answer holds it, rather than what the request brought.
    pub in_answer: bool,
    /// The match between `«` and `»` in its surroundings.
    pub snippet: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// Newest first.
    pub hits: Vec<SearchHit>,
    pub next: Option<String>,
}

impl Ledger {
    /// Texts that hold all words of `query`, `refund*` meaning any that begins so. What was committed before is found.
    pub async fn search(&self, query: &str, limit: u32, cursor: Option<&str>) -> Result<SearchPage, LedgerError> {
        let Some(words) = filter::full_text(query) else {
            return Ok(SearchPage { hits: Vec::new(), next: None });
        };
        self.catch_up().await?;
        let before = match cursor {
            Some(cursor) => cursor.parse().map_err(|_| LedgerError::missing("page", cursor))?,
            None => i64::MAX,
        };
        let mut found = sqlx::query(
            "SELECT f.rowid AS place, e.id AS exchange, s.id AS session, e.step, e.agent_context, e.appended, e.answer \
             FROM search f JOIN exchange e ON e.n = f.rowid / 2 JOIN session s ON s.n = e.session \
             WHERE f.search MATCH ?1 AND f.rowid < ?2 ORDER BY f.rowid DESC LIMIT ?3",
        )
        .bind(words)
        .bind(before)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.pool().await?)
        .await?;
        let more = cut(&mut found, limit as usize);
        let words: Vec<String> = query
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let mut hits = Vec::with_capacity(found.len());
        let mut last = None;
        for row in found {
            let place: i64 = row.try_get("place")?;
            last = Some(place);
            let in_answer = place % 2 == 1;
            let text = if in_answer {
                match self.bytes_of(row.try_get("answer")?).await? {
                    Some(bytes) => AnswerPack::read(bytes)?.text,
                    None => String::new(),
                }
            } else {
                self.appended_text(row.try_get("agent_context")?, row.try_get("appended")?).await?
            };
            hits.push(SearchHit {
                session: SessionId(row.try_get("session")?),
                exchange: ExchangeId(row.try_get("exchange")?),
                step: row.try_get::<i64, _>("step")? as u32,
                in_answer,
                snippet: text::snippet(&text, &words).unwrap_or_else(|| text.chars().take(120).collect()),
            });
        }
        Ok(SearchPage { hits, next: last.filter(|_| more).map(|place| place.to_string()) })
    }

    /// Waits until everything committed so far can be found.
    async fn catch_up(&self) -> Result<(), LedgerError> {
        let caught = self.on_writer(|writer| {
            while writer.memory.search.is_behind() && writer.index() {}
            Ok(())
        });
        match caught.await {
            // Search works on a closed ledger too: closing indexed everything.
            Ok(()) | Err(LedgerError::Closed) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// The strings of the last `appended` messages of a context, oldest first.
    async fn appended_text(&self, leaf: Option<i64>, appended: i64) -> Result<String, LedgerError> {
        let Some(leaf) = leaf else { return Ok(String::new()) };
        let messages = sqlx::query!(
            r#"WITH RECURSIVE path(node, parent, message, depth) AS (
                 SELECT node, parent, message, 1 FROM context WHERE node = ?1
                 UNION ALL SELECT c.node, c.parent, c.message, depth + 1 FROM path p JOIN context c ON c.node = p.parent WHERE depth < ?2)
               SELECT message AS "message: i64" FROM path ORDER BY depth DESC"#,
            leaf,
            appended
        )
        .fetch_all(self.pool().await?)
        .await?;
        let mut texts = Vec::with_capacity(messages.len());
        for message in messages.into_iter().filter_map(|row| row.message) {
            texts.push(text::strings(&self.bytes(message).await?));
        }
        Ok(texts.join("\n"))
    }
}
