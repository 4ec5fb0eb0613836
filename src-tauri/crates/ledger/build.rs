//! Applies the migrations to an empty database in `OUT_DIR`, so that sqlx checks every query against the real schema.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let database = PathBuf::from(env::var("OUT_DIR")?).join("schema.db");
    let mut migrations: Vec<PathBuf> =
        fs::read_dir("migrations")?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    migrations.sort();
    for leftover in ["schema.db", "schema.db-wal", "schema.db-shm", "schema.db-journal"] {
        let leftover = database.with_file_name(leftover);
        if leftover.exists() {
            fs::remove_file(leftover)?;
        }
    }
    let connection = rusqlite::Connection::open(&database)?;
    for migration in &migrations {
        connection.execute_batch(&fs::read_to_string(migration)?)?;
    }
    emit(&format!("cargo:rustc-env=DATABASE_URL=sqlite://{}", database.display()));
    emit("cargo:rerun-if-changed=migrations");
    emit("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// Build scripts speak to cargo on stdout; the workspace forbids it elsewhere.
#[allow(clippy::print_stdout)]
fn emit(line: &str) {
    println!("{line}");
}
