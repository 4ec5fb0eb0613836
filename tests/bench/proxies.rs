//! The processes of a run, each in a folder and on a port of its own, ended with it.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub struct Process {
    child: Child,
    pub base: String,
}

impl Process {
    pub fn upstream(own: &str) -> Process {
        let mut child = Command::new(own).arg("upstream").stdout(Stdio::piped()).spawn().expect("the upstream starts");
        let base = first_line(&mut child);
        Process { child, base }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

pub struct Nginx {
    child: Child,
    _folder: tempfile::TempDir,
    pub base: String,
}

impl Nginx {
    pub fn start(program: &str, upstream: &str) -> Nginx {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = upstream.strip_prefix("http://").unwrap();
        let at = folder.path().display();
        let config = format!(
            "worker_processes 1; daemon off; pid {at}/pid; error_log {at}/error.log; events {{ worker_connections 1024; }}\n\
             http {{ access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 1000000;\n\
             client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
             upstream provider {{ server {server}; keepalive 64; keepalive_requests 1000000; }}\n\
             server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://provider; proxy_http_version 1.1;\n\
             proxy_set_header Connection \"\"; proxy_buffering off; }} }} }}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let child =
            Command::new(program).arg("-p").arg(folder.path()).arg("-c").arg(&file).spawn().expect("nginx starts");
        let base = format!("http://127.0.0.1:{port}");
        answering(&base);
        Nginx { child, _folder: folder, base }
    }

    pub fn pids(&self) -> Vec<u32> {
        let own = self.child.id();
        std::iter::once(own).chain(children(own)).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

pub struct Ours {
    child: Child,
    folder: tempfile::TempDir,
    pub base: String,
}

/// The three rules under which everything is measured.
pub const THREE_RULES: &str = "version = 1\nname = \"bench\"\nmax_tool_errors = 3\ntoken_budget_per_session = 100_000_000\n\
    [[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\nwhen = \"tool.name == 'delete_file'\"\ndo = [\"block\"]\n";

impl Ours {
    pub fn start(program: &str, upstream: &str, policy: &str) -> Ours {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config/switchtower.toml");
        let policies = folder.path().join("policies");
        std::fs::create_dir_all(config.parent().unwrap()).unwrap();
        std::fs::create_dir_all(&policies).unwrap();
        std::fs::write(&config, format!("[providers.openai]\ndialect = \"openai\"\nbase_url = \"{upstream}/v1\"\n"))
            .unwrap();
        std::fs::write(policies.join("bench.toml"), policy).unwrap();
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--log", "warn"])
            .arg("--data")
            .arg(folder.path().join("data"))
            .arg("--config")
            .arg(&config)
            .arg("--policies")
            .arg(&policies)
            .stdout(Stdio::piped())
            .spawn()
            .expect("switchtower starts");
        let ready: serde_json::Value = serde_json::from_str(&first_line(&mut child)).expect("a line of JSON");
        Ours { child, folder, base: ready["proxy"].as_str().unwrap().to_owned() }
    }

    pub fn pids(&self) -> Vec<u32> {
        vec![self.child.id()]
    }

    pub fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
    }

    pub fn ledger_mb(&self) -> f64 {
        let size =
            |name: &str| std::fs::metadata(self.folder.path().join("data").join(name)).map_or(0, |file| file.len());
        (size("traces.db") + size("traces.db-wal")) as f64 / 1e6
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// CPU that the kernel has accounted to some processes.
#[derive(Clone, Copy)]
pub struct Spent {
    /// Of the threads that live now, to the nanosecond.
    threads: f64,
    /// Of all threads that ever lived, in ticks of 10 ms, as on every Linux of this kind (`getconf CLK_TCK`).
    ever: f64,
}

impl Spent {
    pub fn by(pids: &[u32]) -> Spent {
        let threads = pids.iter().map(|pid| nanoseconds(*pid)).sum::<u64>() as f64 / 1e9;
        Spent { threads, ever: pids.iter().map(|pid| ticks(*pid)).sum::<u64>() as f64 / 100.0 }
    }

    /// Seconds since then. A thread that ended in between counts by ticks only.
    pub fn since(self, earlier: Spent) -> f64 {
        const TICK: f64 = 0.01;
        let (threads, ever) = (self.threads - earlier.threads, self.ever - earlier.ever);
        if ever > threads + 2.0 * TICK { ever } else { threads }
    }
}

fn nanoseconds(pid: u32) -> u64 {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    let of = |task: std::path::PathBuf| std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    tasks.flatten().filter_map(|task| of(task.path()).split_whitespace().next()?.parse::<u64>().ok()).sum()
}

fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

fn children(pid: u32) -> Vec<u32> {
    let listed = PathBuf::from(format!("/proc/{pid}/task/{pid}/children"));
    let text = std::fs::read_to_string(Path::new(&listed)).unwrap_or_default();
    text.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn answering(base: &str) {
    let until = Instant::now() + Duration::from_secs(5);
    while std::net::TcpStream::connect(base.strip_prefix("http://").unwrap()).is_err() {
        assert!(Instant::now() < until, "{base} does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(child: &mut Child) {
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let _ = child.wait();
}
