//! Tables of scenarios, control × dialect × streamed or not, and what agents got in each cell. Where `SWITCHTOWER_CELLS` names a folder,
//! every answer that a scripted agent took goes there as it came, with what the harness read in it: `npm run test:clients -- cells` serves it
//! again to the vendors' own SDKs and asserts that each reads the same. A table gets that by being filled here; no scenario knows of it.

use crate::{Answer, Dialect, http::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

/// Cells under way at once: most of a cell is waiting.
const ABREAST: usize = 4;

tokio::task_local! {
    static ROW: String;
}

/// Every form that an answer may have.
pub fn forms() -> impl Iterator<Item = (Dialect, bool)> {
    let dialects = Dialect::FIVE.into_iter().chain([Dialect::GeminiArray]);
    dialects.flat_map(|dialect| [(dialect, false), (dialect, true)])
}

/// Fills a table: `cell` for every row in every form. A cell fails by panicking; all are tried before the table fails.
pub async fn fill<F>(rows: &[&'static str], cell: impl Fn(&'static str, Dialect, bool) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut failures = Vec::new();
    let mut filled = 0;
    for &row in rows {
        let each = forms().map(|(dialect, streamed)| {
            demand(row, dialect, streamed);
            let work = tokio::spawn(of(row, cell(row, dialect, streamed)));
            let form = if streamed { "streamed" } else { "whole" };
            async move { work.await.map_err(|error| format!("{row} × {dialect:?} × {form}: {error}")) }
        });
        let ended: Vec<Result<(), String>> = stream::iter(each).buffered(ABREAST).collect().await;
        println!("{row:<18} {}", ended.iter().map(|cell| if cell.is_ok() { "✓ " } else { "✗ " }).collect::<String>());
        filled += ended.len();
        failures.extend(ended.into_iter().filter_map(Result::err));
    }
    assert_eq!(filled, rows.len() * forms().count(), "no cell is empty");
    assert!(failures.is_empty(), "{} cells failed:\n{}", failures.len(), failures.join("\n"));
}

/// What agents get in `cell` belongs to this row: for a table that is filled elsewhere, as it has another shape.
pub fn of<F: Future>(row: &str, cell: F) -> impl Future<Output = F::Output> + use<F> {
    ROW.scope(row.to_owned(), cell)
}

/// The row that is being filled, or else the test that is running.
pub fn row() -> String {
    ROW.try_with(String::clone).unwrap_or_else(|_| std::thread::current().name().unwrap_or("a test").replace("::", " "))
}

/// Says that this cell must not be empty.
pub fn demand(row: &str, dialect: Dialect, streamed: bool) {
    note(|| json!({"cell": row, "dialect": format!("{dialect:?}"), "streamed": streamed}));
}

/// Keeps an answer as the agent got it, and what the harness concluded.
pub fn keep(row: &str, dialect: Dialect, streamed: bool, response: &Response, answer: &Answer) {
    note(|| {
        let calls = answer.calls.iter();
        let calls: Vec<Value> =
            calls.map(|call| json!({"id": call.id, "name": call.name, "arguments": call.arguments})).collect();
        json!({
            "row": row, "dialect": format!("{dialect:?}"), "streamed": streamed,
            "status": response.status, "headers": response.head.headers,
            "body": STANDARD.encode(&response.body),
            "pieces": response.pieces.iter().map(|(_, size)| size).collect::<Vec<_>>(),
            "read": {"text": answer.text, "calls": calls, "finish": answer.finish},
        })
    });
}

/// One line of this test program's file.
fn note(line: impl FnOnce() -> Value) {
    static FILE: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
        let folder = PathBuf::from(std::env::var_os("SWITCHTOWER_CELLS")?);
        fs::create_dir_all(&folder).expect("a folder for cells");
        let program = std::env::current_exe().expect("a path");
        let name = program.file_stem().and_then(|name| name.to_str()).unwrap_or("test");
        // What cargo puts behind a test program's name.
        let table = name.rsplit_once('-').map_or(name, |(name, _)| name);
        let file = File::options().create(true).append(true).open(folder.join(format!("{table}.ndjson")));
        Some(Mutex::new(file.expect("a file for cells")))
    });
    if let Some(file) = &*FILE {
        let line = format!("{}\n", line());
        file.lock().expect("no holder panics").write_all(line.as_bytes()).expect("a cell is written");
    }
}
