//! How each known agent is pointed at the runtime: data, measured on the real clients, not code per client.

use crate::view::{ConnectAgent, ConnectFile, ConnectVariable, ConnectView};

/// Where a client looks for its base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Redirect {
    /// Environment variables, each with what follows the runtime's address.
    Variables(&'static [(&'static str, &'static str)]),
    /// A configuration override on its command line; it ignores variables.
    CodexOption,
    /// Only the program's own code can say it.
    Code(&'static str),
}

/// One kind of client.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    pub id: &'static str,
    pub name: &'static str,
    /// Its program, where `run` can start it.
    program: Option<&'static str>,
    /// Other names under which package runners start it (`npx @openai/codex`).
    packages: &'static [&'static str],
    redirect: Redirect,
    note: Option<&'static str>,
}

const OPENAI: Redirect = Redirect::Variables(&[("OPENAI_BASE_URL", "/v1")]);
const ANTHROPIC: Redirect = Redirect::Variables(&[("ANTHROPIC_BASE_URL", "")]);
const OPENAI_AND_ANTHROPIC: Redirect = Redirect::Variables(&[("OPENAI_BASE_URL", "/v1"), ("ANTHROPIC_BASE_URL", "")]);
const GOOGLE: Redirect = Redirect::Variables(&[("GOOGLE_GEMINI_BASE_URL", "")]);

/// What an agent of unknown kind gets: every variable that some client reads.
const EVERYTHING: &[(&str, &str)] = &[
    ("OPENAI_BASE_URL", "/v1"),
    ("OPENAI_API_BASE", "/v1"),
    ("ANTHROPIC_BASE_URL", ""),
    ("GOOGLE_GEMINI_BASE_URL", ""),
    ("OLLAMA_HOST", ""),
];

/// In the order of the Connect screen.
pub const CLIENTS: &[Client] = &[
    Client {
        id: "claude-code",
        name: "Claude Code",
        program: Some("claude"),
        packages: &["@anthropic-ai/claude-code"],
        redirect: ANTHROPIC,
        note: None,
    },
    Client {
        id: "codex",
        name: "Codex",
        program: Some("codex"),
        packages: &["@openai/codex"],
        redirect: Redirect::CodexOption,
        note: Some(
            "Codex ignores OPENAI_BASE_URL. Its full-screen interface runs in a daemon: for that write the file.",
        ),
    },
    Client {
        id: "gemini-cli",
        name: "Gemini CLI",
        program: Some("gemini"),
        packages: &["@google/gemini-cli"],
        redirect: GOOGLE,
        note: None,
    },
    Client {
        id: "opencode",
        name: "opencode",
        program: Some("opencode"),
        packages: &["opencode-ai"],
        redirect: Redirect::Variables(&[("ANTHROPIC_BASE_URL", "/v1"), ("OPENAI_BASE_URL", "/v1")]),
        note: Some("Unlike other clients, opencode wants ANTHROPIC_BASE_URL with /v1."),
    },
    Client {
        id: "openai-sdk",
        name: "OpenAI SDKs and Agents SDK",
        program: None,
        packages: &[],
        redirect: OPENAI,
        note: Some("Without /v1 the SDKs call /chat/completions."),
    },
    Client {
        id: "anthropic-sdk",
        name: "Anthropic SDKs",
        program: None,
        packages: &[],
        redirect: ANTHROPIC,
        note: Some("Without /v1 at the end: the SDKs add it themselves."),
    },
    Client { id: "google-sdk", name: "Google Gen AI SDKs", program: None, packages: &[], redirect: GOOGLE, note: None },
    Client {
        id: "langchain",
        name: "LangChain, LangGraph, pydantic-ai",
        program: None,
        packages: &[],
        redirect: OPENAI_AND_ANTHROPIC,
        note: None,
    },
    Client {
        id: "llama-index",
        name: "LlamaIndex, aider",
        program: Some("aider"),
        packages: &[],
        redirect: Redirect::Variables(&[("OPENAI_API_BASE", "/v1")]),
        note: Some("LlamaIndex ignores OPENAI_BASE_URL."),
    },
    Client {
        id: "ai-sdk",
        name: "Vercel AI SDK",
        program: None,
        packages: &[],
        redirect: Redirect::Variables(&[("OPENAI_BASE_URL", "/v1"), ("ANTHROPIC_BASE_URL", "/v1")]),
        note: Some("Its Google provider reads no variable: pass baseURL in code."),
    },
    Client {
        id: "ollama",
        name: "Ollama",
        program: None,
        packages: &[],
        redirect: Redirect::Variables(&[("OLLAMA_HOST", "")]),
        note: None,
    },
    Client {
        id: "any",
        name: "Any other agent",
        program: None,
        packages: &[],
        redirect: Redirect::Code("base_url"),
        note: Some("Whatever the program calls its base URL: with /v1 for OpenAI's format, without for the others."),
    },
];

/// What `run` gives a child: variables for its environment and arguments to put after its program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Launch {
    pub variables: Vec<(String, String)>,
    /// Put into the child's arguments before this place.
    pub arguments: Option<(usize, Vec<String>)>,
    /// The client, where the command shows it.
    pub client: Option<&'static str>,
}

/// How to start `command` so that its model calls come to `base` (the runtime's address, a label's path included).
pub fn launch(command: &[String], base: &str) -> Launch {
    let known = recognise(command);
    let mut variables: Vec<(String, String)> =
        EVERYTHING.iter().map(|(name, tail)| ((*name).to_owned(), format!("{base}{tail}"))).collect();
    let mut arguments = None;
    if let Some((client, place)) = known {
        match client.redirect {
            Redirect::Variables(own) => {
                for (name, tail) in own {
                    variables.retain(|(known, _)| known != name);
                    variables.push(((*name).to_owned(), format!("{base}{tail}")));
                }
            }
            Redirect::CodexOption => arguments = Some((place + 1, vec!["-c".to_owned(), codex_option(base)])),
            Redirect::Code(_) => {}
        }
    }
    Launch { variables, arguments, client: known.map(|(client, _)| client.name) }
}

/// The client that a command starts, and the place of its program among the words.
fn recognise(command: &[String]) -> Option<(&'static Client, usize)> {
    let named = |word: &str| {
        let file = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let file = file.strip_suffix(".cmd").or_else(|| file.strip_suffix(".exe")).unwrap_or(file);
        CLIENTS.iter().find(|client| client.program == Some(file))
    };
    let program = command.first()?;
    if let Some(client) = named(program) {
        return Some((client, 0));
    }
    let runner = program.rsplit('/').next().unwrap_or(program);
    if !["npx", "bunx", "pnpm", "yarn", "uvx", "npm", "node", "bun", "env"].contains(&runner) {
        return None;
    }
    // The first word that names a client; what stands before are the runner's own words.
    command.iter().enumerate().skip(1).find_map(|(place, word)| {
        let package = match word.rfind('@') {
            Some(at) if at > 0 => &word[..at],
            _ => word,
        };
        let packaged = CLIENTS.iter().find(|client| client.packages.contains(&package));
        packaged.or_else(|| named(word)).map(|client| (client, place))
    })
}

fn codex_option(base: &str) -> String {
    format!("openai_base_url=\"{base}/v1\"")
}

/// The Connect screen's data for a runtime at `proxy`.
pub fn connections(proxy: &str) -> ConnectView {
    let agents = CLIENTS.iter().map(|client| agent(client, proxy)).collect();
    ConnectView { proxy: proxy.to_owned(), openai_base_url: format!("{proxy}/v1"), agents }
}

fn agent(client: &Client, proxy: &str) -> ConnectAgent {
    let program = client.program.unwrap_or("your-agent");
    let (variables, command, file) = match client.redirect {
        Redirect::Variables(own) => {
            let variables: Vec<_> = own
                .iter()
                .map(|(name, tail)| ConnectVariable { name: (*name).to_owned(), value: format!("{proxy}{tail}") })
                .collect();
            let set: String =
                variables.iter().map(|variable| format!("{}={} ", variable.name, variable.value)).collect();
            (variables, format!("{set}{program}"), None)
        }
        Redirect::CodexOption => {
            let file = ConnectFile {
                path: "~/.codex/config.toml".to_owned(),
                text: format!("openai_base_url = \"{proxy}/v1\"\n"),
            };
            (Vec::new(), format!("{program} -c '{}'", codex_option(proxy)), Some(file))
        }
        Redirect::Code(parameter) => (Vec::new(), format!("{parameter} = \"{proxy}/v1\""), None),
    };
    ConnectAgent {
        id: client.id.to_owned(),
        name: client.name.to_owned(),
        run: client.program.map(|program| format!("switchtower run -- {program}")),
        variables,
        command,
        file,
        note: client.note.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn variable(launch: &Launch, name: &str) -> String {
        let found: Vec<_> = launch.variables.iter().filter(|(known, _)| known == name).collect();
        assert_eq!(found.len(), 1, "{name} is set once");
        found[0].1.clone()
    }

    #[test]
    fn an_unknown_program_gets_every_variable_and_no_argument() {
        let launch = launch(&words("python agent.py --codex"), "http://127.0.0.1:4100");
        assert_eq!(variable(&launch, "OPENAI_BASE_URL"), "http://127.0.0.1:4100/v1");
        assert_eq!(variable(&launch, "OPENAI_API_BASE"), "http://127.0.0.1:4100/v1");
        assert_eq!(variable(&launch, "ANTHROPIC_BASE_URL"), "http://127.0.0.1:4100");
        assert_eq!(variable(&launch, "GOOGLE_GEMINI_BASE_URL"), "http://127.0.0.1:4100");
        assert_eq!(variable(&launch, "OLLAMA_HOST"), "http://127.0.0.1:4100");
        assert_eq!((launch.arguments, launch.client), (None, None));
    }

    #[test]
    fn codex_gets_a_configuration_override_right_after_its_name() {
        let expected = vec!["-c".to_owned(), "openai_base_url=\"http://h:1/@me/v1\"".to_owned()];
        let own = launch(&words("/usr/bin/codex exec hello"), "http://h:1/@me");
        assert_eq!(own.arguments, Some((1, expected.clone())));
        let packaged = launch(&words("npx -y @openai/codex@0.9 exec hello"), "http://h:1/@me");
        assert_eq!(packaged.arguments, Some((3, expected)));
    }

    #[test]
    fn opencode_alone_gets_the_anthropic_url_with_v1() {
        assert_eq!(variable(&launch(&words("opencode run"), "http://h:1"), "ANTHROPIC_BASE_URL"), "http://h:1/v1");
        assert_eq!(variable(&launch(&words("claude -p"), "http://h:1"), "ANTHROPIC_BASE_URL"), "http://h:1");
    }

    #[test]
    fn every_connection_names_the_live_address() {
        for agent in connections("http://127.0.0.1:7777").agents {
            assert!(agent.command.contains("http://127.0.0.1:7777"), "{}", agent.id);
        }
    }
}
