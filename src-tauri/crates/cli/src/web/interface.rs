//! The interface's files: built in, or from a folder; without a build a plain page that says so.

use super::Desk;
use axum::{
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use std::{
    borrow::Cow,
    path::{Component, Path},
};

static BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/interface.rs"));

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Switchtower</title>\
    <p>The runtime runs, but this program was built without its interface.</p>\
    <p>Build it with <code>npm ci &amp;&amp; npm run --workspace ui build</code>, then build the program again, \
    or start it with <code>--ui ui/dist</code>.</p>";

/// A file by its path; every other path is a screen of the one page.
pub(super) async fn page(State(desk): State<Desk>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let wanted = if path.is_empty() { "index.html" } else { path };
    let found = read(&desk, wanted).await;
    match found {
        Some(bytes) => answer(wanted, bytes),
        // A screen's address may well hold a dot: a policy's name does.
        None if is_asset(wanted) => StatusCode::NOT_FOUND.into_response(),
        None => match read(&desk, "index.html").await {
            Some(bytes) => answer("index.html", bytes),
            None => answer("index.html", Cow::Borrowed(NOT_BUILT.as_bytes())),
        },
    }
}

/// What the page itself asks for, so that a missing one is told apart from a screen.
fn is_asset(wanted: &str) -> bool {
    wanted.starts_with("assets/") || !wanted.contains('/') && Path::new(wanted).extension().is_some()
}

async fn read(desk: &Desk, name: &str) -> Option<Cow<'static, [u8]>> {
    let Some(folder) = &desk.ui else {
        return BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, bytes)| Cow::Borrowed(*bytes));
    };
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return None;
    }
    tokio::fs::read(folder.join(name)).await.ok().map(Cow::Owned)
}

fn answer(name: &str, bytes: Cow<'static, [u8]>) -> Response {
    let kind = match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        _ => "application/octet-stream",
    };
    // Names of built assets carry a hash of their content.
    let caching = if name.starts_with("assets/") { "private, max-age=31536000, immutable" } else { "no-store" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, caching)], bytes).into_response()
}
