//! The shared data, in one form.

use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;

pub struct Exchange {
    pub id: String,
    /// The wire of a cassette, or the client.
    pub name: String,
    pub folder: String,
    pub path: String,
    pub query: Option<String>,
    pub request: String,
    pub status: u64,
    pub content_type: Option<String>,
    pub response: String,
    pub ended: String,
}

impl Exchange {
    pub fn route(&self) -> Option<wire::Route> {
        wire::route(&self.path, self.query.as_deref(), &http::HeaderMap::new())
    }

    /// What the cassette's own label says.
    pub fn is_generation(&self) -> bool {
        !matches!(self.name.as_str(), "bedrock" | "openai-embeddings" | "mcp-http")
    }
}

fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("SWITCHTOWER_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let found = named.unwrap_or(beside).join("data");
    if !found.is_dir() {
        println!("skipped: the shared data is not here (SWITCHTOWER_SHARED names its folder)");
        return None;
    }
    Some(found)
}

pub fn cassettes() -> Option<Vec<Exchange>> {
    let file = std::fs::File::open(shared()?.join("wire/cassettes.dev.jsonl.gz")).unwrap();
    let mut lines = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut lines).unwrap();
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let (path, query) = split(&text("path"));
        Exchange {
            id: text("id"),
            name: text("wire"),
            folder: String::new(),
            path,
            query,
            request: text("request_body"),
            status: line["status"].as_u64().unwrap(),
            content_type: header(&line["response_headers"]),
            response: text("response_body"),
            ended: "complete".to_owned(),
        }
    };
    Some(lines.lines().map(read).collect())
}

pub fn clients() -> Option<Vec<Exchange>> {
    let mut files = Vec::new();
    for client in shared()?.join("clients").read_dir().unwrap() {
        for scenario in client.unwrap().path().read_dir().unwrap() {
            files.extend(scenario.unwrap().path().read_dir().unwrap().map(|file| file.unwrap().path()));
        }
    }
    files.sort();
    let read = |file: PathBuf| {
        let one: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let text = |part: &str, key: &str| one[part][key].as_str().unwrap_or_default().to_owned();
        let (path, query) = split(&text("request", "target"));
        Exchange {
            id: file.file_stem().unwrap().to_string_lossy().into_owned(),
            name: one["client"].as_str().unwrap().to_owned(),
            folder: file
                .parent()
                .unwrap()
                .iter()
                .rev()
                .take(2)
                .map(|part| part.to_string_lossy())
                .collect::<Vec<_>>()
                .join(" "),
            path,
            query,
            request: text("request", "body"),
            status: one["response"]["status"].as_u64().unwrap_or(0),
            content_type: header(&one["response"]["headers"]),
            response: text("response", "raw"),
            ended: text("response", "end"),
        }
    };
    Some(
        files
            .into_iter()
            .map(read)
            .filter(|one| {
                one.route().is_some_and(|r| r.operation == wire::Operation::Generate) && !one.request.is_empty()
            })
            .collect(),
    )
}

fn split(target: &str) -> (String, Option<String>) {
    match target.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (target.to_owned(), None),
    }
}

fn header(headers: &Value) -> Option<String> {
    let is_it = |name: &str| name.eq_ignore_ascii_case("content-type");
    match headers {
        Value::Object(map) => {
            map.iter().find(|(name, _)| is_it(name)).and_then(|(_, value)| value.as_str().map(str::to_owned))
        }
        Value::Array(pairs) => pairs
            .iter()
            .find(|pair| pair[0].as_str().is_some_and(is_it))
            .and_then(|pair| pair[1].as_str().map(str::to_owned)),
        _ => None,
    }
}
