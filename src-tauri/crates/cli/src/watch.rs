//! Watches the policies folder: a change is taken shortly after the last of its writes.

use console::Console;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Editors write in several steps; the last one counts.
const QUIET: Duration = Duration::from_millis(120);

/// A running watch. Dropping it ends it.
pub struct Watch {
    task: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reloads the policies as files come, change and go; also when the folder itself is removed and made again.
pub fn policies(console: Arc<Console>, folder: &Path) -> Option<Watch> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // One that is not there cannot be watched, and is where a person will look for it.
    if let Err(error) = std::fs::create_dir_all(&folder) {
        tracing::warn!(%error, folder = %folder.display(), "the policies folder cannot be made");
    }
    let (changed, changes) = mpsc::channel(1);
    let wanted = folder.clone();
    let watching = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| touches(&event, &wanted)) {
            // Full means that a reload is due anyway.
            let _ = changed.try_send(());
        }
    });
    let started = watching.and_then(|mut watcher| {
        if let Some(parent) = folder.parent() {
            watcher.watch(parent, RecursiveMode::NonRecursive)?;
        }
        // Policies name files in folders below.
        watcher.watch(&folder, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    match started {
        #[allow(clippy::disallowed_methods)] // Owned by the handle returned, which ends it.
        Ok(watcher) => Some(Watch { task: tokio::spawn(follow(console, folder, watcher, changes)) }),
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "policy files are not watched; restart to take changes");
            None
        }
    }
}

fn touches(event: &notify::Event, folder: &PathBuf) -> bool {
    !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| path.starts_with(folder))
}

async fn follow(
    console: Arc<Console>,
    folder: PathBuf,
    mut watcher: RecommendedWatcher,
    mut changes: mpsc::Receiver<()>,
) {
    while changes.recv().await.is_some() {
        while tokio::time::timeout(QUIET, changes.recv()).await.is_ok_and(|more| more.is_some()) {}
        // A folder that was made again is another one to the system. Fails where it is gone; then its parent tells.
        let _ = watcher.watch(&folder, RecursiveMode::Recursive);
        let problems = console.reload_policies();
        for problem in &problems {
            tracing::warn!("{problem}");
        }
        if problems.is_empty() {
            tracing::info!("policies reloaded");
        }
    }
}
