//! The command line: words, exit codes, output, and what each failure says to do next.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may panic and spawn; clippy only knows its `#[test]` functions

use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};
use switchtower_tests::{Agent, Dialect, Options, Provider, Runtime, Turn, runtime};

/// A command with a home of its own, so that nobody's real files are read.
fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(runtime::binary());
    command.args(words).env("HOME", home).env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME");
    for name in ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "HTTPS_PROXY", "HTTP_PROXY"] {
        command.env_remove(name);
    }
    command
}

fn run(home: &Path, words: &[&str]) -> Output {
    command(home, words).output().unwrap()
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn printed(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"];

fn serve<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SERVE.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn every_command_has_help_and_wrong_words_are_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let commands =
        ["serve", "run", "demo", "sessions", "show", "search", "metrics", "policy", "export", "import", "doctor"];
    let all = run(home.path(), &["--help"]);
    for name in commands {
        assert!(printed(&all).contains(&format!("  {name} ")), "{name} is listed");
        let help = run(home.path(), &[name, "--help"]);
        assert!(help.status.success() && printed(&help).contains("Usage: switchtower"), "{name}: {}", said(&help));
    }
    for name in ["check", "test", "explain"] {
        assert!(run(home.path(), &["policy", name, "--help"]).status.success(), "policy {name}");
    }
    assert!(printed(&run(home.path(), &["--version"])).starts_with("switchtower "));
    for words in [
        &["nonsense"][..],
        &["serve", "--nope"],
        &["show"],
        &["run"],
        &["show", "nonsense"],
        &["export", "x", "--format", "odd"],
    ] {
        let out = run(home.path(), words);
        assert_eq!(out.status.code(), Some(2), "{words:?}: {}", said(&out));
        assert!(!said(&out).is_empty() && printed(&out).is_empty(), "{words:?}");
    }
}

#[test]
fn what_is_not_there_is_3() {
    let home = tempfile::tempdir().unwrap();
    for words in [
        &["show", "ses_0000000000001"][..],
        &["show", "last"],
        &["search", "nothing-at-all"],
        &["sessions"],
        &["export", "ses_0000000000001", "--format", "jsonl"],
    ] {
        let out = run(home.path(), words);
        assert_eq!(out.status.code(), Some(3), "{words:?}: {} {}", printed(&out), said(&out));
    }
}

#[test]
fn a_configuration_that_is_wrong_names_place_and_known_keys_once() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("switchtower.toml");
    for (text, place, words) in [
        ("listen = \"127.0.0.1:0\"\nlistne = 1\n", "line 2, column 1", "unknown field `listne`"),
        (
            "[providers.openai]\nbase = \"http://x\"\n",
            "line 2, column 1",
            "expected one of `dialect`, `base_url`, `api_key`",
        ),
        ("listen = \"nowhere\"\n", "line 1, column 10", "invalid socket address"),
        ("idle_timeout = \"ten\"\n", "line 1, column 16", "write it as 90s"),
        ("listen = \n", "line 1, column 10", ""),
    ] {
        fs::write(&config, text).unwrap();
        for words_of in [&serve(&[])[..], &["sessions"]] {
            let out = command(home.path(), words_of).arg("--config").arg(&config).output().unwrap();
            let told = said(&out);
            assert_eq!(out.status.code(), Some(1), "{text:?}: {told}");
            assert!(told.contains(place) && told.contains(words), "{text:?}: {told}");
            assert_eq!(told.matches(place).count(), 1, "said once: {told}");
            assert!(told.contains("switchtower.toml"), "{told}");
        }
    }
    let missing = run(home.path(), &["sessions", "--config", "/no/such/file.toml"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(said(&missing).matches("No such file").count(), 1, "{}", said(&missing));
}

#[test]
fn a_busy_port_says_who_holds_it_and_how_to_choose_another() {
    let home = tempfile::tempdir().unwrap();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = holder.local_addr().unwrap().to_string();
    for flag in ["--listen", "--console"] {
        let other = if flag == "--listen" { "--console" } else { "--listen" };
        let out = run(home.path(), &["serve", flag, &busy, other, "127.0.0.1:0"]);
        let told = said(&out);
        assert_eq!(out.status.code(), Some(1), "{told}");
        assert!(told.contains(&busy) && told.contains(flag), "{told}");
        assert!(told.contains(&format!("process {}", std::process::id())), "names the holder: {told}");
        assert!(printed(&out).is_empty());
    }
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named_with_a_way_out() {
    let home = tempfile::tempdir().unwrap();
    let fresh = |name: &str| {
        let data = home.path().join(name);
        fs::create_dir_all(&data).unwrap();
        data
    };
    let newer = fresh("newer");
    let db = rusqlite::Connection::open(newer.join("traces.db")).unwrap();
    db.execute_batch("PRAGMA user_version = 9999; CREATE TABLE t(x)").unwrap();
    drop(db);
    let damaged = fresh("damaged");
    fs::write(damaged.join("traces.db"), "no database at all ".repeat(300)).unwrap();
    let file = home.path().join("a-file");
    fs::write(&file, "").unwrap();
    for (data, words) in [(newer, "newer Switchtower"), (damaged, "move it away"), (file.join("below"), "cannot use")] {
        for command_words in [serve(&[]), vec!["sessions"]] {
            let out = command(home.path(), &command_words).arg("--data").arg(&data).output().unwrap();
            let told = said(&out);
            assert_eq!(out.status.code(), Some(1), "{data:?}: {told}");
            assert!(told.contains(words) && told.contains(data.to_str().unwrap()), "{data:?}: {told}");
            assert!(printed(&out).is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_output_parses_and_is_alone_on_stdout() {
    let provider = Provider::turns([Turn::call("search", serde_json::json!({"a": 1})), Turn::text("Done")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, true);
    let answers = agent.run("Find it", 3, |_| switchtower_tests::agent::Outcome::good("ok")).await;
    assert_eq!(answers.len(), 2);
    let session = runtime.sessions().await[0]["id"].as_str().unwrap().to_owned();
    let policy = runtime.folder().join("policy.toml");
    fs::write(&policy, "version = 1\nname = \"p\"\nmax_tool_errors = 3\n").unwrap();
    let data = runtime.data.to_str().unwrap();
    let policy = policy.to_str().unwrap();
    for words in [
        &["sessions", "--json"][..],
        &["show", &session, "--json"],
        &["show", "last", "--json"],
        &["search", "Find", "--json"],
        &["metrics", "--json"],
        &["policy", "check", policy, "--json"],
        &["doctor", "--json"],
    ] {
        let words: Vec<&str> = words.iter().copied().chain(["--data", data]).collect();
        let out = run(runtime.folder(), &words);
        let value: Result<Value, _> = serde_json::from_slice(&out.stdout);
        assert!(value.is_ok(), "{words:?}: {} {}", printed(&out), said(&out));
        assert!(matches!(out.status.code(), Some(0 | 1)), "{words:?}: {}", said(&out));
    }
    for words in [&["sessions"][..], &["show", "last"], &["search", "Find"], &["metrics"], &["show", &session]] {
        let words: Vec<&str> = words.iter().copied().chain(["--data", data]).collect();
        let out = run(runtime.folder(), &words);
        assert!(out.status.success() && !printed(&out).is_empty(), "{words:?}: {}", said(&out));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_cleanly_and_a_second_one_at_once() {
    let reply = switchtower_tests::render::render(Dialect::Chat, true, true, &Turn::text("Some text to begin with."));
    let provider = Provider::replies([reply.fault(switchtower_tests::Fault::Silence(600))]).await;
    for (times, most) in [(1, Duration::from_secs(14)), (2, Duration::from_secs(4))] {
        let mut runtime = Runtime::start(&Options::to(&provider.base));
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, true);
        agent.say("Go");
        let mut client = switchtower_tests::http::Client::connect(&runtime.proxy).await.unwrap();
        let mut streaming = client.begin(&agent.request()).await.unwrap();
        let first = tokio::time::timeout(Duration::from_secs(10), streaming.next()).await;
        first.expect("a first frame").unwrap();
        let pid = runtime.pid().to_string();
        let begun = Instant::now();
        for _ in 0..times {
            Command::new("kill").args(["-INT", &pid]).status().unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let ended = tokio::task::spawn_blocking(move || {
            let code = runtime.wait(most);
            (code, runtime)
        });
        let (code, runtime) = ended.await.unwrap();
        assert!(code.is_some() && begun.elapsed() < most, "{times}: {code:?} after {:?}", begun.elapsed());
        if times == 1 {
            assert_eq!(code, Some(0), "an open stream had its ten seconds: {}", runtime.log());
        }
        let db = rusqlite::Connection::open(runtime.data.join("traces.db")).unwrap();
        let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
}

#[test]
fn run_leads_each_known_client_and_says_what_it_set() {
    let home = tempfile::tempdir().unwrap();
    let bin = home.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let cases: [(&str, &[(&str, &str)]); 6] = [
        ("claude", &[("ANTHROPIC_BASE_URL", "")]),
        ("gemini", &[("GOOGLE_GEMINI_BASE_URL", "")]),
        ("opencode", &[("ANTHROPIC_BASE_URL", "/v1"), ("OPENAI_BASE_URL", "/v1")]),
        ("aider", &[("OPENAI_API_BASE", "/v1")]),
        ("codex", &[]),
        (
            "some-agent",
            &[
                ("OPENAI_BASE_URL", "/v1"),
                ("OPENAI_API_BASE", "/v1"),
                ("ANTHROPIC_BASE_URL", ""),
                ("GOOGLE_GEMINI_BASE_URL", ""),
                ("OLLAMA_HOST", ""),
            ],
        ),
    ];
    for (name, variables) in cases {
        let program = bin.join(name);
        fs::write(&program, "#!/bin/sh\nenv\necho \"arguments: $*\"\nexit 7\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let data = home.path().join(format!("data-{name}"));
        let words =
            ["run", "--agent", "me", "--data", data.to_str().unwrap(), "--", program.to_str().unwrap(), "-p", "hi"];
        let out = run(home.path(), &words);
        let (told, got) = (said(&out), printed(&out));
        assert_eq!(out.status.code(), Some(7), "the child's own code: {told}");
        for (variable, tail) in variables {
            let line = got.lines().find(|line| line.starts_with(&format!("{variable}=http://127.0.0.1:")));
            let line = line.unwrap_or_else(|| panic!("{name}: {variable} is not set: {got}"));
            assert!(line.ends_with(&format!("/@me{tail}")), "{name}: {line}");
            assert!(told.contains(line), "{name}: says {line}: {told}");
        }
        if name == "codex" {
            assert!(got.contains("arguments: -c openai_base_url=\"http://127.0.0.1:"), "{got}");
            assert!(told.contains("on its command line"), "{told}");
        } else {
            assert!(got.contains("arguments: -p hi"), "{name}: {got}");
        }
    }
    let missing = run(home.path(), &["run", "--", "/no/such/agent"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(said(&missing).contains("cannot start /no/such/agent"), "{}", said(&missing));
}
