//! Recorded data beside the repository, read and never copied: `SWITCHTOWER_SHARED`, or `../shared`.

use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
};

/// A file or folder below the shared data, or `None`, said aloud, where it is absent.
pub fn path(below: &str) -> Option<PathBuf> {
    let beside = || {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        root.parent().and_then(|root| root.parent()).map(|above| above.join("shared")).unwrap_or_default()
    };
    let shared = std::env::var_os("SWITCHTOWER_SHARED").map_or_else(beside, PathBuf::from);
    let path = shared.join("data").join(below);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {below} is not among the shared data");
    None
}

/// The lines of a gzipped JSONL file.
pub fn lines(below: &str) -> Option<Vec<Value>> {
    let file = File::open(path(below)?).expect("readable");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    Some(lines.map(|line| serde_json::from_str(&line.expect("text")).expect("JSON")).collect())
}
