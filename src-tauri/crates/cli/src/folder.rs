//! The data folder: its lock, who runs in it, and the console's token.

use rand::Rng;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("cannot use {path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{}", held(.0, .1.as_ref()))]
    Held(PathBuf, Option<Running>),
}

fn held(folder: &Path, running: Option<&Running>) -> String {
    let folder = folder.display();
    match running {
        Some(running) => format!(
            "a runtime is already running in {folder}: process {}, proxy {}, console {}; stop it, or use another folder with --data DIR",
            running.pid, running.proxy, running.console
        ),
        None => format!("another process is starting in {folder}; try again, or use another folder with --data DIR"),
    }
}

/// `runtime.json`: where the live runtime is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub proxy: String,
    pub console: String,
    pub pid: u32,
    pub started_at: String,
}

/// A data folder that this process holds. Dropping it gives it back.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Creates the folder where it is missing and takes its lock.
    pub fn hold(path: &Path) -> Result<DataFolder, FolderError> {
        let failed = |source| FolderError::File { path: path.to_owned(), source };
        create_private(path).map_err(failed)?;
        let lock = private_file(&path.join("switchtower.lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Held(path.to_owned(), read_running(path))),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Left behind by a runtime that was killed.
        let _ = fs::remove_file(path.join("runtime.json"));
        Ok(DataFolder { path: path.to_owned(), _lock: lock })
    }

    /// The console's token; made once and kept.
    pub fn token(&self) -> Result<String, FolderError> {
        let path = self.path.join("console.token");
        if let Some(token) = read_token(&self.path) {
            return Ok(token);
        }
        let bytes: [u8; 32] = rand::rng().random();
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        write_private(&path, token.as_bytes()).map_err(|source| FolderError::File { path, source })?;
        Ok(token)
    }

    /// Tells other commands and windows where this runtime is.
    pub fn announce(&self, running: &Running) -> Result<(), FolderError> {
        let path = self.path.join("runtime.json");
        let text = serde_json::to_vec(running).unwrap_or_default();
        write_private(&path, &text).map_err(|source| FolderError::File { path, source })
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join("runtime.json"));
    }
}

/// The live runtime of a folder and its token, if one runs there.
pub fn live(folder: &Path) -> Option<(Running, String)> {
    // Whoever holds the lock lives; a file without a held lock was left behind.
    let lock = File::open(folder.join("switchtower.lock")).ok()?;
    if !matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    Some((read_running(folder)?, read_token(folder)?))
}

fn read_running(folder: &Path) -> Option<Running> {
    serde_json::from_slice(&fs::read(folder.join("runtime.json")).ok()?).ok()
}

fn read_token(folder: &Path) -> Option<String> {
    let token = fs::read_to_string(folder.join("console.token")).ok()?;
    let token = token.trim();
    (token.len() >= 32).then(|| token.to_owned())
}

fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whole or not at all: readers never see half a file.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = private_file(&beside)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Running {
        Running { proxy: "http://p".into(), console: "http://c".into(), pid: 7, started_at: "then".into() }
    }

    #[test]
    fn a_second_holder_is_told_who_runs() {
        let folder = tempfile::tempdir().unwrap();
        let held = DataFolder::hold(folder.path()).unwrap();
        held.announce(&running()).unwrap();
        let refusal = DataFolder::hold(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains("process 7") && refusal.contains("http://c"), "{refusal}");
        drop(held);
        DataFolder::hold(folder.path()).unwrap();
    }

    #[test]
    fn only_a_held_folder_has_a_live_runtime() {
        let folder = tempfile::tempdir().unwrap();
        assert!(live(folder.path()).is_none());
        let held = DataFolder::hold(folder.path()).unwrap();
        let token = held.token().unwrap();
        held.announce(&running()).unwrap();
        assert_eq!(live(folder.path()), Some((running(), token)));
        // As after a kill: the file stays, the lock is gone.
        let left = fs::read(folder.path().join("runtime.json")).unwrap();
        drop(held);
        fs::write(folder.path().join("runtime.json"), left).unwrap();
        assert!(live(folder.path()).is_none());
    }

    #[test]
    fn a_token_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let held = DataFolder::hold(folder.path()).unwrap();
        let token = held.token().unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(held.token().unwrap(), token);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let held = DataFolder::hold(&data).unwrap();
        held.token().unwrap();
        held.announce(&running()).unwrap();
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
        for name in ["switchtower.lock", "console.token", "runtime.json"] {
            assert_eq!(fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
}
