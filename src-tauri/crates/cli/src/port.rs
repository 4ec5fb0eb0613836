//! Who holds a port, as far as this machine tells.

use std::{fs, net::SocketAddr};

/// `process 1234 (node)`, where the system lets us see it.
pub fn holder(address: SocketAddr) -> Option<String> {
    let inode = listening_inode(address.port())?;
    let wanted = format!("socket:[{inode}]");
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit())) else { continue };
        let Ok(open) = fs::read_dir(process.path().join("fd")) else { continue };
        let holds =
            open.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|to| to.as_os_str() == wanted.as_str()));
        if holds {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("process {pid} ({})", name.trim()));
        }
    }
    None
}

/// The socket that listens on the port, from the kernel's tables.
fn listening_inode(port: u16) -> Option<u64> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| fs::read_to_string(path).ok());
    tables.into_iter().find_map(|table| table.lines().skip(1).find_map(|line| inode_of(line, port)))
}

/// `sl local_address rem_address st … inode`: `0A` is LISTEN.
fn inode_of(line: &str, port: u16) -> Option<u64> {
    let mut fields = line.split_whitespace();
    let local = fields.nth(1)?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?;
    let listening = state == "0A" && u16::from_str_radix(local.rsplit(':').next()?, 16) == Ok(port);
    listening.then(|| inode.parse().ok())?
}

/// What to say when a port is busy.
pub fn busy(what: &str, address: SocketAddr, flag: &str, cause: &std::io::Error) -> String {
    if cause.kind() != std::io::ErrorKind::AddrInUse {
        return format!("the {what} cannot listen on {address}: {cause}; choose another address with {flag} ADDRESS");
    }
    let holder = holder(address).map_or_else(String::new, |holder| format!(" by {holder}"));
    let free = SocketAddr::new(address.ip(), 0);
    format!(
        "the {what} cannot listen on {address}: the port is held{holder}; choose another with {flag}, or {flag} {free} for any free one"
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_busy_port_names_its_holder_and_the_flag() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let cause = TcpListener::bind(address).unwrap_err();
        let text = busy("proxy", address, "--listen", &cause);
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        assert!(text.contains("--listen 127.0.0.1:0"), "{text}");
    }
}
