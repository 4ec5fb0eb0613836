//! WebKitGTK's default renderer is three to four times slower without a GPU; the plain one must be chosen before GTK starts.

#[cfg(target_os = "linux")]
pub fn choose() {
    use std::{env, os::unix::process::CommandExt, path::Path, process::Command};
    const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
    let has_gpu = (128..136).any(|card| Path::new(&format!("/dev/dri/renderD{card}")).exists());
    if has_gpu || env::var_os(SWITCH).is_some() {
        return;
    }
    // A variable of this very process can only be set safely by starting it anew: same process id, same arguments.
    if let Ok(program) = env::current_exe() {
        let failed = Command::new(program).args(env::args_os().skip(1)).env(SWITCH, "1").exec();
        cli::tell(&format!("switchtower: the plain renderer could not be chosen: {failed}"));
    }
}

#[cfg(not(target_os = "linux"))]
pub fn choose() {}
