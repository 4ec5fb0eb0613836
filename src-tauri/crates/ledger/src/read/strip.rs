//! The strip above a timeline: a session, or a part of it, binned over time. What is shorter than a bin is summed in SQL; what is longer is
//! spread over the bins it covers. So the answer's size is that of the bins, not of the session.

use super::time;
use crate::{Ledger, LedgerError, layout::*};
use domain::{SessionId, Timestamp};
use sqlx::SqlitePool;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripLane {
    Model,
    Tool,
    /// Interventions by rules.
    Policy,
    /// Interventions by people.
    Human,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StripBin {
    /// Share of the bin's time that was busy, 0 to 1; an intervention counts as 1.
    pub fill: f32,
    pub count: u32,
    pub failed: bool,
    /// The first row that touches it.
    pub row: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    pub from: Timestamp,
    pub to: Timestamp,
    pub lanes: Vec<(StripLane, Vec<StripBin>)>,
}

impl StripBin {
    fn add(&mut self, fill: f32, count: i64, failed: bool, row: Option<i64>) {
        self.fill = (self.fill + fill).min(1.0);
        self.count += count as u32;
        self.failed |= failed;
        self.row = match (self.row, row.map(|row| row as u64)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Rows above which a strip is read in two halves at once.
const SPLIT: i64 = 20_000;

/// The time that a strip covers, in microseconds, and that of one bin.
#[derive(Clone, Copy)]
struct Window {
    from: i64,
    end: i64,
    width: i64,
}

/// Rows that begin in one bin, or one row that is longer than a bin.
struct Group {
    bin: i64,
    kind: i64,
    /// The row's key where it is longer than a bin.
    long: Option<i64>,
    at: i64,
    took: i64,
    count: i64,
    failed: i64,
    key: i64,
}

/// The rows of a range of keys, grouped. A call that is still open reaches to the end of the window.
async fn groups(pool: &SqlitePool, keys: Range<i64>, window: Window) -> Result<Vec<Group>, LedgerError> {
    let Window { from, end, width } = window;
    let groups = sqlx::query_as!(
        Group,
        r#"SELECT (x.at - ?3) / ?5 AS "bin!: i64", x.kind AS "kind!: i64",
             CASE WHEN x.took >= ?5 THEN x.key END AS "long: i64",
             min(x.at) AS "at!: i64", sum(x.took) AS "took!: i64", count(*) AS "count!: i64", max(x.failed) AS "failed!: i64",
             min(x.key) AS "key!: i64"
           FROM (SELECT t.key, t.kind, e.at + coalesce(c.after, 0) AS at,
                   CASE t.kind WHEN 1 THEN coalesce(c.returned_after - c.after, 0)
                     ELSE coalesce(e.duration_us, CASE e.state WHEN 0 THEN max(?4 - e.at, 0) ELSE 0 END) END AS took,
                   CASE t.kind WHEN 1 THEN coalesce(c.error, 0) > 0 ELSE e.state IN (4, 5) END AS failed
                 FROM timeline t JOIN exchange e ON e.n = t.exchange LEFT JOIN tool_call c ON c.key = t.call
                 WHERE t.key >= ?1 AND t.key < ?2) x
           WHERE (x.at >= ?3 OR x.at + x.took > ?3) AND x.at < ?4 GROUP BY 1, 2, 3"#,
        keys.start,
        keys.end,
        from,
        end,
        width
    );
    Ok(groups.fetch_all(pool).await?)
}

impl Ledger {
    /// `bins` (1 to 4096) over `span`, or over the whole session.
    pub async fn strip(
        &self,
        session: SessionId,
        span: Option<(Timestamp, Timestamp)>,
        bins: u32,
    ) -> Result<Strip, LedgerError> {
        let pool = self.pool().await?;
        let head = self.session_columns(session).await?;
        let n = head.n;
        let row: domain::SessionRow = head.into();
        let (from, to) = span.unwrap_or((row.started_at, row.last_at));
        let bins = i64::from(bins.clamp(1, 4096));
        let width = ((to.0 - from.0).max(1) + bins - 1) / bins;
        let (first, end) = (n << ROW_BITS, (n + 1) << ROW_BITS);
        let mut lanes = [StripLane::Model, StripLane::Tool, StripLane::Policy, StripLane::Human]
            .map(|lane| (lane, vec![StripBin::default(); bins as usize]));
        let end_time = from.0 + width * bins;
        let newest = sqlx::query_scalar!(
            r#"SELECT max(key) AS "key: i64" FROM timeline WHERE key >= ?1 AND key < ?2"#,
            first,
            end
        )
        .fetch_one(pool)
        .await?;
        let rows = newest.map_or(0, |newest| newest + 1 - first);
        // Two connections halve the time of a long session; a third is left for what else is asked.
        let half = if rows > SPLIT { first + rows / 2 } else { end };
        let window = Window { from: from.0, end: end_time, width };
        let (early, late) = tokio::try_join!(groups(pool, first..half, window), groups(pool, half..end, window))?;
        for group in early.into_iter().chain(late) {
            let lane = if group.kind == ROW_TOOL { 1 } else { 0 };
            let row = Some(group.key - first);
            if group.long.is_none() {
                if let Some(bin) = usize::try_from(group.bin).ok().and_then(|place| lanes[lane].1.get_mut(place)) {
                    // At least a trace of what took no time at all.
                    let fill = (group.took as f32 / width as f32).max(0.02);
                    bin.add(fill, group.count, group.failed != 0, row);
                }
                continue;
            }
            let (start, stop) = (group.at - from.0, group.at + group.took - from.0);
            for place in (start.max(0) / width)..=((stop - 1) / width).min(bins - 1) {
                let covered = stop.min((place + 1) * width) - start.max(place * width);
                let fill = covered as f32 / width as f32;
                lanes[lane].1[place as usize].add(fill, 1, group.failed != 0, row);
            }
        }
        let done = sqlx::query!(
            r#"SELECT (at - ?2) / ?4 AS "bin!: i64", cause AS "cause!: i64", count(*) AS "count!: i64"
               FROM intervention WHERE session = ?1 AND at >= ?2 AND at < ?3 GROUP BY 1, 2"#,
            n,
            from.0,
            end_time,
            width
        )
        .fetch_all(pool)
        .await?;
        for row in done {
            let lane = if row.cause == 0 { 2 } else { 3 };
            if let Some(bin) = lanes[lane].1.get_mut(row.bin as usize) {
                bin.add(1.0, row.count, false, None);
            }
        }
        Ok(Strip { from, to: time(end_time), lanes: lanes.into() })
    }
}
