//! The process at the other end of a loopback connection, found in `/proc`. The only file of this crate that reads anything;
//! call it off the hot path and keep its answer for the connection. Where there is no `/proc`, nothing is known.

use domain::Process;
use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
};

/// Who is behind `peer`, a local socket connected to our `local`. `None` for connections from elsewhere, or where the system
/// does not tell.
pub fn process_behind(peer: SocketAddr, local: SocketAddr) -> Option<Process> {
    if !peer.ip().to_canonical().is_loopback() && peer.ip().to_canonical() != local.ip().to_canonical() {
        return None;
    }
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|table| inode(&fs::read_to_string(table).ok()?, peer, local))?;
    let pid = owner(&format!("socket:[{inode}]"))?;
    let at = Path::new("/proc").join(pid.to_string());
    let folder = fs::read_link(at.join("cwd")).ok().and_then(|path| path.to_str().map(str::to_owned));
    let command = fs::read(at.join("cmdline")).unwrap_or_default();
    let comm = fs::read_to_string(at.join("comm")).unwrap_or_default();
    Some(Process { pid, name: name(comm.trim(), &command), folder })
}

/// The inode of the socket whose own end is `peer` and whose other end is `local`.
fn inode(table: &str, peer: SocketAddr, local: SocketAddr) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (own, other) = (address(columns.next()?)?, address(columns.next()?)?);
        (same(own, peer) && same(other, local)).then(|| columns.nth(6)?.parse().ok())?
    })
}

fn same(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && one.ip().to_canonical() == other.ip().to_canonical()
}

/// `0100007F:1004`: 32-bit words in the machine's order, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for word in ip.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// The process that holds the socket open. The newest pids first: the agent is usually younger than the system.
fn owner(socket: &str) -> Option<u32> {
    let mut pids: Vec<u32> =
        fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable_by(|one, other| other.cmp(one));
    pids.into_iter().find(|pid| {
        let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        open.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == socket))
    })
}

/// `agent.py` rather than `python3`: an interpreter is named by what it runs.
fn name(comm: &str, command: &[u8]) -> String {
    let words: Vec<&str> = command.split(|byte| *byte == 0).filter_map(|word| std::str::from_utf8(word).ok()).collect();
    let base = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let program = words.first().map(|word| base(word)).unwrap_or_default();
    let interprets = ["python", "node", "bun", "deno", "ruby", "java"].iter().any(|name| program.starts_with(name));
    let script = words.iter().skip(1).find(|word| !word.starts_with('-') && !word.is_empty());
    match script {
        Some(script) if interprets && !words.contains(&"-c") && !words.contains(&"-e") => base(script),
        _ if !comm.is_empty() => comm.to_owned(),
        _ => program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_loopback_connection_leads_to_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        if !Path::new("/proc/net/tcp").exists() {
            eprintln!("skipped: no /proc here");
            return;
        }
        let found = process_behind(stream.local_addr().unwrap(), stream.peer_addr().unwrap()).unwrap();
        assert_eq!(found.pid, std::process::id());
        assert!(found.folder.is_some() && !found.name.is_empty());
    }

    #[test]
    fn an_interpreter_is_named_by_its_script() {
        assert_eq!(name("python3", b"/usr/bin/python3\0-u\0/home/me/agent.py\0--fast\0"), "agent.py");
        assert_eq!(name("python3", b"python3\0-c\0print()\0"), "python3");
        assert_eq!(name("claude", b"claude\0-p\0hi\0"), "claude");
    }

    #[test]
    fn addresses_of_the_table_are_read() {
        assert_eq!(address("0100007F:1004"), Some("127.0.0.1:4100".parse().unwrap()));
        assert_eq!(
            address("0000000000000000FFFF00000100007F:1004").map(|a| a.ip().to_canonical()),
            Some("127.0.0.1".parse().unwrap())
        );
    }
}
