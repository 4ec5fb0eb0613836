//! The provider's connections: read a request, ask the script, write the reply with its fault.

use super::{Fault, Pieces, Received, Reply, Script};
use crate::http::{Body, Broken, Framing, Head};
use bytes::{Bytes, BytesMut};
use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, tcp::ReadHalf},
    task::JoinSet,
};

type Log = Arc<Mutex<Vec<Received>>>;

/// Why a connection is not used again.
enum Over {
    Closed,
    Reset,
}

pub async fn serve(listener: TcpListener, script: Script, log: Log) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(stream, number, script.clone(), log.clone()));
    }
}

async fn connection(mut stream: TcpStream, number: usize, script: Script, log: Log) {
    let _ = stream.set_nodelay(true);
    let over = {
        let (read, mut write) = stream.split();
        let mut read = Body::new(read);
        loop {
            let Ok(Some(request)) = receive(&mut read, number).await else { break Over::Closed };
            let reply = script(&request);
            let credential = reply.echo.then(|| credential(&request)).flatten();
            let head_only = request.method() == "HEAD";
            let place = {
                let mut log = log.lock().expect("no holder panics");
                log.push(request);
                log.len() - 1
            };
            let gone = async { if read.has_ahead() { pending().await } else { left(read.io()).await } };
            let outcome = tokio::select! {
                biased;
                outcome = send(&mut write, &reply, credential, head_only) => outcome,
                () = gone => Err(Over::Closed),
            };
            if let Some(entry) = log.lock().expect("no holder panics").get_mut(place) {
                match outcome {
                    Ok(()) => entry.answered = Some(Instant::now()),
                    Err(_) => entry.gone = Some(Instant::now()),
                }
            }
            match outcome {
                Ok(()) if matches!(reply.body, Pieces::UntilClose(_)) => break Over::Closed,
                Ok(()) => {}
                Err(over) => break over,
            }
        }
    };
    if matches!(over, Over::Reset) {
        let _ = stream.set_zero_linger();
    }
}

async fn receive(read: &mut Body<ReadHalf<'_>>, connection: usize) -> Result<Option<Received>, Broken> {
    let Some(head) = read.head().await? else { return Ok(None) };
    read.begin(Framing::of_request(&head));
    let body = read.rest().await?;
    Ok(Some(Received { head, body, at: Instant::now(), connection, gone: None, answered: None }))
}

/// Ends when the other side has closed.
async fn left(read: &mut ReadHalf<'_>) {
    let mut byte = [0u8; 1];
    loop {
        match read.peek(&mut byte).await {
            Ok(0) | Err(_) => return,
            // The next request came early: it is read when this one is answered.
            Ok(_) => pending().await,
        }
    }
}

fn credential(request: &Received) -> Option<String> {
    ["authorization", "x-api-key", "x-goog-api-key"].iter().find_map(|name| request.header(name)).map(str::to_owned)
}

async fn send(
    write: &mut (impl AsyncWriteExt + Unpin),
    reply: &Reply,
    credential: Option<String>,
    head_only: bool,
) -> Result<(), Over> {
    tokio::time::sleep(reply.delay).await;
    let (mut pieces, chunked) = match &reply.body {
        Pieces::Whole(bytes) => (vec![bytes.clone()], false),
        Pieces::Chunked(pieces) => (pieces.clone(), true),
        Pieces::UntilClose(pieces) => (pieces.clone(), false),
    };
    if let Some(credential) = credential {
        let echoed = String::from_utf8_lossy(&pieces.concat()).replace("{credential}", &credential);
        pieces = vec![echoed.into()];
    }
    let mut head = Head { first: format!("HTTP/1.1 {} Scripted", reply.status), headers: reply.headers.clone() };
    if chunked {
        head.headers.push(("transfer-encoding".into(), "chunked".into()));
    } else if matches!(reply.body, Pieces::Whole(_)) {
        let length: usize = pieces.iter().map(Bytes::len).sum();
        head.headers.push(("content-length".into(), length.to_string()));
    }
    let mut first = BytesMut::from(&head.encode()[..]);
    if head_only {
        return put(write, &first).await;
    }
    if reply.pace > Duration::ZERO || reply.fault.is_some() || chunked {
        put(write, &first.split()).await?;
    }
    let mut budget = match reply.fault {
        Some(Fault::Cut(at) | Fault::Reset(at) | Fault::CleanEnd(at) | Fault::Silence(at) | Fault::Garbage(at)) => at,
        None => usize::MAX,
    };
    for (place, piece) in pieces.iter().enumerate() {
        if place > 0 && reply.pace > Duration::ZERO {
            tokio::time::sleep(reply.pace).await;
        }
        let piece = piece.slice(..piece.len().min(budget));
        budget -= piece.len();
        if !piece.is_empty() {
            frame(&mut first, &piece, chunked);
            put(write, &first.split()).await?;
        }
        if budget == 0 {
            break;
        }
    }
    match reply.fault {
        Some(Fault::Cut(_)) => return Err(Over::Closed),
        Some(Fault::Reset(_)) => return Err(Over::Reset),
        Some(Fault::Silence(_)) => pending().await,
        Some(Fault::Garbage(_)) => frame(&mut first, b"\x00\xff}{ no dialect \n\n", chunked),
        Some(Fault::CleanEnd(_)) | None => {}
    }
    if chunked {
        first.extend_from_slice(b"0\r\n\r\n");
    }
    put(write, &first).await
}

fn frame(to: &mut BytesMut, piece: &[u8], chunked: bool) {
    if chunked {
        to.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
    }
    to.extend_from_slice(piece);
    if chunked {
        to.extend_from_slice(b"\r\n");
    }
}

async fn put(write: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) -> Result<(), Over> {
    if bytes.is_empty() {
        return Ok(());
    }
    write.write_all(bytes).await.map_err(|_| Over::Closed)
}
