//! Tauri's build step. The window's page is the built interface; without a build a page says how to make it.

use std::{fs, io, path::Path};

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Switchtower</title>\
    <p>The runtime runs, but this program was built without its interface.</p>\
    <p>Build it with <code>npm ci &amp;&amp; npm run --workspace ui build</code>, then build the program again.</p>";

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/dist");
    if !dist.join("index.html").exists() {
        fs::create_dir_all(&dist)?;
        fs::write(dist.join("index.html"), NOT_BUILT)?;
    }
    println!("cargo:rerun-if-changed={}", dist.display());
    tauri_build::build();
    Ok(())
}
