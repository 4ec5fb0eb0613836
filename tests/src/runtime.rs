//! The real `switchtower serve` on free ports, with a data folder of its own; killed when dropped.

use crate::http::{Client, Request, Response};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What a runtime is started with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Every built-in provider is pointed at this base, as is `scripted` (OpenAI's dialect).
    pub provider: String,
    /// File name → TOML.
    pub policies: Vec<(String, String)>,
    /// Put before the providers in `switchtower.toml`: keys of no table.
    pub settings: String,
    /// Appended to `switchtower.toml`.
    pub config: String,
    /// Where it listens, if not on a free port of 127.0.0.1.
    pub listen: Option<String>,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
}

impl Options {
    pub fn to(provider: &str) -> Options {
        Options { provider: provider.into(), ..Options::default() }
    }

    #[must_use]
    pub fn policy(mut self, name: &str, source: &str) -> Options {
        self.policies.push((format!("{name}.toml"), source.into()));
        self
    }

    fn toml(&self) -> String {
        let base = &self.provider;
        let provider = |name: &str, dialect: &str, base: &str| {
            format!("[providers.{name}]\ndialect = \"{dialect}\"\nbase_url = \"{base}\"\napi_key = \"passthrough\"\n\n")
        };
        let mut toml = format!("{}\n", self.settings);
        toml += &provider("openai", "openai", &format!("{base}/v1"));
        toml += &provider("anthropic", "anthropic", base);
        toml += &provider("gemini", "gemini", base);
        toml += &provider("ollama", "ollama", base);
        toml += &provider("scripted", "openai", base);
        toml + &self.config
    }
}

/// A running `switchtower serve`.
pub struct Runtime {
    pub proxy: String,
    pub console: String,
    pub token: String,
    pub data: PathBuf,
    /// The one line on stdout.
    pub ready: Value,
    child: Child,
    folder: Option<TempDir>,
}

/// The binary that cargo built beside this test, or `SWITCHTOWER_BIN`.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("SWITCHTOWER_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a path");
    let profile = test.ancestors().find(|folder| folder.join("deps").is_dir()).expect("a target folder");
    let binary = profile.join("switchtower");
    assert!(binary.exists(), "{} is missing: cargo build -p switchtower-cli", binary.display());
    binary
}

impl Runtime {
    pub fn start(options: &Options) -> Runtime {
        let folder = tempfile::Builder::new().prefix("switchtower-").tempdir().expect("a folder");
        let mut runtime = Runtime::start_in(folder.path(), options);
        runtime.folder = Some(folder);
        runtime
    }

    /// Starts in a folder that outlives the runtime, so that it can be started there again.
    pub fn start_in(folder: &Path, options: &Options) -> Runtime {
        let policies = folder.join("policies");
        fs::create_dir_all(&policies).expect("a folder for policies");
        for (name, source) in &options.policies {
            fs::write(policies.join(name), source).expect("a policy is written");
        }
        // In a folder of its own: the runtime watches it, and its log would wake it.
        let config = folder.join("config/switchtower.toml");
        fs::create_dir_all(folder.join("config")).expect("a folder for the configuration");
        fs::write(&config, options.toml()).expect("a configuration is written");
        let data = folder.join("data");
        let log = fs::File::options().create(true).append(true).open(folder.join("stderr.log")).expect("a log");
        let mut command = Command::new(binary());
        let listen = options.listen.as_deref().unwrap_or("127.0.0.1:0");
        command.args(["serve", "--listen", listen, "--console", "127.0.0.1:0"]);
        command.arg("--data").arg(&data).arg("--policies").arg(&policies).arg("--config").arg(&config);
        command.args(&options.arguments).envs(options.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("switchtower starts");
        let ready = first_line(&mut child).unwrap_or_else(|| {
            let log = fs::read_to_string(folder.join("stderr.log")).unwrap_or_default();
            let _ = child.kill();
            panic!("switchtower serve printed no line within 30 s:\n{log}")
        });
        let ready: Value = serde_json::from_str(&ready).unwrap_or_else(|error| panic!("{error}: {ready}"));
        let text = |key: &str| ready[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {ready}")).to_owned();
        let (proxy, console, token) = (text("proxy"), text("console"), text("token"));
        Runtime { proxy, console, token, data, ready, child, folder: None }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The folder that holds data, policies, configuration and log.
    pub fn folder(&self) -> &Path {
        self.data.parent().expect("the data folder stands in one")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("stderr.log")).unwrap_or_default()
    }

    /// A call of the console's RPC; an error is `Err` with its body and status.
    pub async fn ask(&self, name: &str, body: Value) -> Result<Value, Value> {
        let bearer = format!("Bearer {}", self.token);
        let request = Request::post(&format!("/rpc/{name}"), body.to_string()).header("authorization", &bearer);
        let response: Response = Client::once(&self.console, &request).await.expect("the console answers");
        if response.status == 200 {
            Ok(response.json())
        } else {
            let mut error: Value =
                serde_json::from_str(&response.text()).unwrap_or_else(|_| json!({"message": response.text()}));
            error["status"] = json!(response.status);
            Err(error)
        }
    }

    pub async fn rpc(&self, name: &str, body: Value) -> Value {
        self.ask(name, body.clone()).await.unwrap_or_else(|error| panic!("{name} {body}: {error}"))
    }

    pub async fn exchange(&self, id: &str) -> Value {
        self.rpc("get_exchange", json!({"exchange": id})).await
    }

    /// The exchange of a response, once it is recorded whole: an answer's record commits before its last frame, that
    /// of a cut or cancelled one just after.
    pub async fn settled(&self, id: &str) -> Value {
        let begun = Instant::now();
        loop {
            let exchange = self.ask("get_exchange", json!({"exchange": id})).await;
            match exchange {
                Ok(exchange) if exchange["state"] != "open" => return exchange,
                Ok(exchange) if begun.elapsed() > Duration::from_secs(5) => return exchange,
                Err(error) if begun.elapsed() > Duration::from_secs(5) => return json!({"missing": error}),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// All sessions, page by page.
    pub async fn sessions(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut ask = json!({"limit": 200});
        loop {
            let page = self.rpc("list_sessions", ask.clone()).await;
            all.extend(page["sessions"].as_array().expect("sessions").iter().cloned());
            if page["next"].is_null() {
                return all;
            }
            ask["cursor"] = page["next"].clone();
        }
    }

    /// A body that `get_exchange` gives in place or by reference, as its exact bytes.
    pub async fn body(&self, side: &Value) -> Vec<u8> {
        if let Some(body) = side["body"].as_str() {
            return body.as_bytes().to_vec();
        }
        let mut bytes = Vec::new();
        let total = side["body_ref"]["length"].as_u64().unwrap_or(0) as usize;
        while bytes.len() < total {
            let ask = json!({"ref": side["body_ref"]["ref"], "offset": bytes.len(), "length": 1 << 16});
            let part = self.rpc("get_blob", ask).await;
            let text = part["text"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "get_blob stopped at {} of {total}: {part}", bytes.len());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM; the exit code, or `None` where it did not end within `patience`.
    pub fn stop(&mut self, patience: Duration) -> Option<i32> {
        let _ = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        self.wait(patience)
    }

    /// The exit code, or `None` where it did not end within `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            println!("the runtime's last words:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The child's first line of stdout, waited for at most 30 s.
fn first_line(child: &mut Child) -> Option<String> {
    let stdout = child.stdout.take()?;
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines();
        if let Some(Ok(line)) = lines.next() {
            let _ = send.send(line);
        }
        // Kept open: a closed pipe would be an error of the child's.
        for line in lines.map_while(Result::ok) {
            println!("more than one line on stdout: {line}");
        }
    });
    receive.recv_timeout(Duration::from_secs(30)).ok()
}
