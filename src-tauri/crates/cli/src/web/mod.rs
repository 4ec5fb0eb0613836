//! The web console: the commands over HTTP, live events, and the interface. Loopback only, for whoever holds the token.

mod door;
mod interface;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    middleware,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{get, post},
};
use console::{Console, ErrorCode, RpcError};
use futures::StreamExt;
use std::{convert::Infallible, path::PathBuf, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch};

/// What the handlers share.
#[derive(Clone)]
struct Desk {
    console: Arc<Console>,
    token: Arc<str>,
    allowed_hosts: Arc<[String]>,
    /// A folder to serve the interface from, instead of the built-in one.
    ui: Option<Arc<PathBuf>>,
    ending: watch::Receiver<bool>,
}

/// A served console. Dropping it stops it.
pub struct Web {
    end: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

/// Imports come in one request.
const LARGEST_REQUEST: usize = 256 << 20;

impl Web {
    pub fn serve(
        listener: TcpListener,
        console: Arc<Console>,
        token: &str,
        allowed_hosts: &[String],
        ui: Option<PathBuf>,
    ) -> Web {
        let (end, ending) = watch::channel(false);
        let desk =
            Desk { console, token: token.into(), allowed_hosts: allowed_hosts.into(), ui: ui.map(Arc::new), ending };
        let mut stop = desk.ending.clone();
        let router = Router::new()
            .route("/rpc/{name}", post(command))
            .route("/events", get(events))
            .fallback(get(interface::page))
            .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
            .layer(middleware::from_fn_with_state(desk.clone(), door::check))
            .with_state(desk);
        #[allow(clippy::disallowed_methods)] // Owned by the handle returned, which ends it.
        let task = tokio::spawn(async move {
            let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
                let _ = stop.wait_for(|end| *end).await;
            });
            if let Err(error) = serving.await {
                tracing::error!(%error, "the console stopped");
            }
        });
        Web { end, task }
    }

    /// Lets answers under way end; event streams end at once.
    pub async fn stop(mut self) {
        let _ = self.end.send(true);
        if tokio::time::timeout(Duration::from_secs(2), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn command(State(desk): State<Desk>, Path(name): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = door::bearer(&headers, &desk.token) {
        return refuse(refusal);
    }
    let args = if body.is_empty() { Ok(serde_json::Value::Null) } else { serde_json::from_slice(&body) };
    let args = match args {
        Ok(args) => args,
        Err(error) => {
            return refuse(RpcError::new(ErrorCode::BadRequest, format!("the arguments are no JSON: {error}")));
        }
    };
    match desk.console.dispatch(&name, args).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refuse(error),
    }
}

async fn events(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if let Err(refusal) = door::bearer(&headers, &desk.token) {
        return refuse(refusal);
    }
    let mut ending = desk.ending.clone();
    let ended = async move {
        let _ = ending.wait_for(|end| *end).await;
    };
    let changes = desk.console.changes().take_until(Box::pin(ended));
    let events = changes
        .map(|change| Ok::<_, Infallible>(Event::default().data(serde_json::to_string(&change).unwrap_or_default())));
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

fn refuse(error: RpcError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(error)).into_response()
}

#[cfg(test)]
mod tests;
