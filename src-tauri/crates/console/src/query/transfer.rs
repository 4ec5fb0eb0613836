//! Sessions out of the ledger and into it, as JSON Lines without loss; and recorded ones in the OpenAI message format into it.

use super::id;
use crate::{Console, ErrorCode, ExportPage, ExportSession, Import, ImportView, RpcError};
use domain::{Clock, SessionId};
use ledger::{Ledger, LedgerError};
use parking_lot::Mutex;
use proxy::{RecordedSession, Recorder};
use std::{
    collections::HashMap,
    io::{self, Write},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

/// Bytes of one piece, about.
const PIECE: usize = 512 << 10;
/// Pieces made ahead of being asked for.
const AHEAD: usize = 2;
/// An export that nobody asks on for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the first line of an exported session begins with.
const EXPORTED: &str = "\"format\"";

type Piece = Result<String, LedgerError>;

/// Exports under way, each made by a thread that waits until its pieces are taken.
#[derive(Default)]
pub(crate) struct Exports(Mutex<(u64, HashMap<String, Export>)>);

struct Export {
    pieces: Receiver<Piece>,
    asked: Instant,
}

impl Exports {
    fn begin(&self, ledger: &Ledger, session: SessionId) -> (String, Receiver<Piece>) {
        let (to, pieces) = sync_channel(AHEAD);
        let (ledger, run) = (ledger.clone(), tokio::runtime::Handle::current());
        // It ends by itself: with the session, or when its pieces' other end is dropped.
        drop(tokio::task::spawn_blocking(move || {
            let mut lines = Lines { to: to.clone(), held: Vec::new() };
            let done = run
                .block_on(ledger.export(session, &mut lines))
                .and_then(|()| lines.flush().map_err(LedgerError::Export));
            if let Err(error) = done {
                // Nobody listens any more: then nobody needs to know.
                let _ = to.send(Err(error));
            }
        }));
        let mut all = self.0.lock();
        all.0 += 1;
        (format!("export:{}", all.0), pieces)
    }

    fn take(&self, cursor: &str) -> Option<Receiver<Piece>> {
        self.0.lock().1.remove(cursor).map(|export| export.pieces)
    }

    fn keep(&self, cursor: &str, pieces: Receiver<Piece>) {
        let mut all = self.0.lock();
        all.1.retain(|_, export| export.asked.elapsed() < PATIENCE);
        all.1.insert(cursor.to_owned(), Export { pieces, asked: Instant::now() });
    }
}

/// Gathers whole lines into pieces.
struct Lines {
    to: SyncSender<Piece>,
    held: Vec<u8>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE && self.held.ends_with(b"\n") {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = String::from_utf8(std::mem::take(&mut self.held)).map_err(|_| io::ErrorKind::InvalidData)?;
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        if text.is_empty() { Ok(()) } else { self.to.send(Ok(text)).map_err(gone) }
    }
}

impl Console {
    /// Pieces put together in order are the file; each cursor is asked for once.
    pub async fn export_session(&self, args: ExportSession) -> Result<ExportPage, RpcError> {
        if args.format != "jsonl" {
            let error = RpcError::new(ErrorCode::BadRequest, format!("there is no export as {}", args.format));
            return Err(error.with_hint("jsonl is the only format of this version"));
        }
        let session: SessionId = id(&args.session)?;
        let (cursor, pieces) = match &args.cursor {
            None => {
                self.ledger.get_session(session).await?;
                self.exports.begin(&self.ledger, session)
            }
            Some(cursor) => {
                let pieces = self.exports.take(cursor).ok_or_else(|| {
                    let error = RpcError::new(ErrorCode::BadRequest, "this is no cursor of an export under way");
                    error.with_hint("begin the export again")
                })?;
                (cursor.clone(), pieces)
            }
        };
        let next = tokio::task::spawn_blocking(move || (pieces.recv().ok(), pieces)).await;
        let (piece, pieces) = next.map_err(|error| RpcError::new(ErrorCode::Failed, error.to_string()))?;
        match piece.transpose()? {
            Some(text) => {
                self.exports.keep(&cursor, pieces);
                Ok(ExportPage { text, next: Some(cursor) })
            }
            None => Ok(ExportPage { text: String::new(), next: None }),
        }
    }

    pub async fn import(&self, args: Import) -> Result<ImportView, RpcError> {
        let clock = self.clock()?;
        let mut view = ImportView { sessions: Vec::new(), exchanges: 0, problems: Vec::new() };
        let mut rest = args.text.trim_start_matches('\u{feff}');
        let mut number = 0;
        while !rest.is_empty() {
            let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            let line = rest[..end].trim();
            number += 1;
            if is_exported(line) {
                let length = exported_length(rest, end);
                self.import_exported(&rest[..length], number, &mut view).await;
                number += rest[..length].lines().count() - 1;
                rest = &rest[length..];
                continue;
            }
            rest = &rest[end..];
            if !line.is_empty() {
                self.import_messages(line, number, &*clock, &mut view).await?;
            }
        }
        Ok(view)
    }

    async fn import_exported(&self, text: &str, first: usize, view: &mut ImportView) {
        match self.ledger.import(&mut text.as_bytes()).await {
            Ok(imported) => {
                view.sessions.push(imported.session.to_string());
                view.exchanges += imported.exchanges;
            }
            Err(LedgerError::Import { line, message }) => {
                view.problems.push(format!("line {}: {message}", first + line as usize - 1));
            }
            Err(error) => view.problems.push(format!("line {first}: {error}")),
        }
    }

    async fn import_messages(
        &self,
        line: &str,
        number: usize,
        clock: &dyn Clock,
        view: &mut ImportView,
    ) -> Result<(), RpcError> {
        let read = serde_json::from_str::<RecordedSession>(line).map_err(|error| error.to_string());
        let recorded = read.and_then(|session| self.recorder(clock).records(&session));
        match recorded {
            Ok(recorded) => {
                view.sessions.push(recorded.session.to_string());
                view.exchanges += recorded.exchanges.len() as u32 - 1;
                for records in recorded.exchanges {
                    self.ledger.write(records).await?;
                }
            }
            Err(problem) => view.problems.push(format!("line {number}: {problem}")),
        }
        Ok(())
    }

    fn recorder<'a>(&self, clock: &'a dyn Clock) -> Recorder<'a> {
        Recorder::new(clock)
    }

    fn clock(&self) -> Result<Arc<dyn Clock>, RpcError> {
        self.clock
            .clone()
            .ok_or_else(|| RpcError::new(ErrorCode::Failed, "this console has no clock to number sessions by"))
    }
}

fn is_exported(line: &str) -> bool {
    line.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(EXPORTED))
}

/// Up to the next line that begins a session.
fn exported_length(text: &str, first_end: usize) -> usize {
    let mut at = first_end;
    for line in text[first_end..].split_inclusive('\n') {
        // The lines of an export hold one key each, or several; those of recorded sessions hold messages.
        if is_exported(line.trim())
            || line.contains("\"messages\":") && serde_json::from_str::<RecordedSession>(line).is_ok()
        {
            break;
        }
        at += line.len();
    }
    at
}
