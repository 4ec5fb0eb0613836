//! Where recorded data lies, beside the repository.

use std::path::PathBuf;

/// A folder of the shared data; `None`, said aloud, where it is absent.
pub fn data(folder: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let path = std::env::var_os("SWITCHTOWER_SHARED").map_or_else(beside, PathBuf::from).join("data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no recorded data at {}", path.display());
    None
}
