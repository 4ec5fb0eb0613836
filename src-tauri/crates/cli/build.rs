//! Puts the built interface into the program: a table of paths and bytes. Without a build the table is empty, and the console says
//! how to build it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui");
    let dist = ui.join("dist");
    let mut files = Vec::new();
    if dist.join("index.html").exists() {
        collect(&dist, &mut files)?;
        println!("cargo:rerun-if-changed={}", dist.display());
    } else {
        // Only when it appears; not at every change of a source file.
        println!("cargo:rerun-if-changed={}", ui.join("dist/index.html").display());
    }
    files.sort();
    let rows: String = files
        .iter()
        .filter_map(|file| {
            let name = file.strip_prefix(&dist).ok()?.to_str()?.replace('\\', "/");
            Some(format!("    (\"{name}\", include_bytes!({:?}) as &[u8]),\n", fs::canonicalize(file).ok()?))
        })
        .collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("interface.rs");
    fs::write(out, format!("&[\n{rows}]\n"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
