//! The data folder and the database file: nobody but their owner may read them.

use crate::LedgerError;
use std::{
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Creates the folder (0700) and an empty database (0600) where they are missing, and narrows what is wider. SQLite gives
/// `-wal` and `-shm` the database's own mode.
pub fn prepare(folder: &Path) -> Result<PathBuf, LedgerError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| LedgerError::File { path, source }
    };
    if !folder.exists() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed(folder))?;
    let database = folder.join("traces.db");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&database).map_err(failed(&database))?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(failed(&database))?;
    for beside in ["traces.db-wal", "traces.db-shm"] {
        let beside = folder.join(beside);
        if beside.exists() {
            fs::set_permissions(&beside, Permissions::from_mode(0o600)).map_err(failed(&beside))?;
        }
    }
    Ok(database)
}
