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
    // Copied: the interface may be built anew while the program is compiled.
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut rows = String::new();
    for (place, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let copy = out.join(format!("interface-{place}"));
        fs::write(&copy, fs::read(file)?)?;
        rows += &format!("    ({name:?}, include_bytes!({copy:?}) as &[u8]),\n");
    }
    fs::write(out.join("interface.rs"), format!("&[\n{rows}]\n"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
