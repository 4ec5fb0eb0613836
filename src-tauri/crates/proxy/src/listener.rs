//! The listener: accepts connections, reads requests whole, and hands them on. HTTP/1.1, keep-alive, no time-out on answers.

use crate::{
    body::ReplyBody,
    core::Core,
    exchange, headers,
    passage::{self, Caught},
    peer::Peer,
};
use bytes::{Bytes, BytesMut};
use domain::Timestamp;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_util::sync::CancellationToken;

/// A request as it came in, its body read.
pub(crate) struct Arrival {
    pub method: Method,
    /// Path and query as written.
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: Timestamp,
    pub peer: Arc<Peer>,
}

/// Where an exchange's answer goes. Its closing tells that the agent is gone.
pub(crate) type Reply = oneshot::Sender<Response<ReplyBody>>;

pub(crate) async fn accept(core: Arc<Core>, listener: TcpListener, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let core = core.clone();
                let stop = stop.clone();
                core.tasks.clone().spawn(connection(core, stream, peer, stop));
            }
            Err(error) => {
                // Out of file descriptors, mostly: breathe, so that open exchanges can end and free some.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(core: Arc<Core>, stream: TcpStream, peer: SocketAddr, stop: CancellationToken) {
    let Ok(local) = stream.local_addr() else { return };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let halt = core.halt.clone();
    let behind = Arc::new(Peer::new(peer, local));
    let service = service_fn(move |request| serve(core.clone(), request, behind.clone()));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "connection ended");
                }
                return;
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = halt.cancelled() => return,
        }
    }
}

async fn serve(
    core: Arc<Core>,
    request: Request<Incoming>,
    peer: Arc<Peer>,
) -> Result<Response<ReplyBody>, Infallible> {
    let at = core.now();
    let (parts, body) = request.into_parts();
    if let Some(why) = core.door.refuses(&parts.headers) {
        core.counts.refused_at_door.fetch_add(1, Ordering::Relaxed);
        return Ok(plain_error(StatusCode::FORBIDDEN, "refused_at_door", &why));
    }
    if wants_websocket(&parts.headers) {
        let mut response = plain_error(
            StatusCode::UPGRADE_REQUIRED,
            "no_websocket",
            "Switchtower speaks HTTP here, not WebSocket; clients fall back by themselves.",
        );
        headers::put(response.headers_mut(), header::UPGRADE, "HTTP/1.1");
        return Ok(response);
    }
    let body = match collect(&core, body, &parts).await {
        Ok(body) => body,
        Err(refusal) => return Ok(*refusal),
    };
    let arrival = Arrival {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
        at,
        peer,
    };
    let (reply, answer) = oneshot::channel();
    let tasks = core.tasks.clone();
    match passage::sort(&core, arrival) {
        // Boxed: a task is moved several times, and this one is large.
        Caught::Exchange(incoming) => drop(tasks.spawn(Box::pin(exchange::run(core, *incoming, reply)))),
        Caught::Passage(outgoing) => drop(tasks.spawn(passage::pass(core, *outgoing, reply))),
        Caught::Refused(response) => return Ok(*response),
    }
    Ok(answer.await.unwrap_or_else(|_| {
        plain_error(StatusCode::SERVICE_UNAVAILABLE, "stopping", "Switchtower is stopping; try again when it runs.")
    }))
}

fn wants_websocket(headers: &HeaderMap) -> bool {
    headers::text(headers, "upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

async fn collect(core: &Core, mut body: Incoming, parts: &Parts) -> Result<Bytes, Box<Response<ReplyBody>>> {
    let limit = core.config.body_limit;
    let length = headers::text(&parts.headers, "content-length").and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(too_large(core, body, parts));
    }
    let mut first = None;
    let mut rest = BytesMut::new();
    let mut taken = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            let why = "The request body broke off.";
            return Err(Box::new(plain_error(StatusCode::BAD_REQUEST, "request_cut", why)));
        };
        let Ok(data) = frame.into_data() else { continue };
        taken += data.len();
        // Without an announced length this is where a body turns out too large: nothing beyond the limit is kept.
        if taken > limit {
            drop((first, rest));
            return Err(too_large(core, body, parts));
        }
        match first.take() {
            None if rest.is_empty() => first = Some(data),
            None => rest.extend_from_slice(&data),
            Some(head) => {
                // A second piece: gather into one buffer of the announced size.
                let head: Bytes = head;
                rest.reserve(length.unwrap_or(taken));
                rest.extend_from_slice(&head);
                rest.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}

/// How long what is left of a refused body is read and thrown away: a client that is still writing would otherwise meet a reset
/// connection instead of the answer that tells it why.
const LINGER: Duration = Duration::from_secs(10);

fn too_large(core: &Core, mut body: Incoming, parts: &Parts) -> Box<Response<ReplyBody>> {
    if !parts.headers.contains_key(header::EXPECT) {
        let halt = core.halt.clone();
        let drain = async move { while let Some(Ok(_)) = body.frame().await {} };
        core.tasks.spawn(async move {
            tokio::select! {
                () = halt.cancelled() => {}
                _ = tokio::time::timeout(LINGER, drain) => {}
            }
        });
    }
    let mib = core.config.body_limit >> 20;
    let message = format!("The request body is larger than {mib} MiB, which is as much as Switchtower takes.");
    let address = crate::address::parse(parts.uri.path());
    let (status, code) = (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large");
    let mut response = plain_error(status, code, &message);
    if let Some(route) = wire::route(&address.path, parts.uri.query(), &parts.headers) {
        // A model call's agent reads its vendor's shape.
        let made = wire::error(None, route.dialect, status.as_u16(), &message, code);
        *response.body_mut() = ReplyBody::whole(made.frames.concat());
    }
    Box::new(response)
}

/// An error of the proxy itself, before any dialect is known.
pub(crate) fn plain_error(status: StatusCode, code: &str, message: &str) -> Response<ReplyBody> {
    let body = serde_json::json!({ "error": { "type": "switchtower_error", "code": code, "message": message } });
    let mut response = Response::new(ReplyBody::whole(body.to_string()));
    *response.status_mut() = status;
    headers::put(response.headers_mut(), header::CONTENT_TYPE, "application/json");
    response
}
