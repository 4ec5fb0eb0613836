//! A rewrite edge's body: the messages sent in place of others, and the results put beside others.

use crate::{
    LedgerError,
    codec::{put_varint, take_varint},
    pack::{put_text, take_bytes, take_text},
};
use bytes::Bytes;
use domain::ContextEdit;

pub type Results = Vec<(String, String, String)>;

pub fn bytes(edit: &ContextEdit) -> Vec<u8> {
    let mut to = Vec::new();
    put_varint(&mut to, edit.messages.len() as u64);
    for message in &edit.messages {
        put_varint(&mut to, message.len() as u64);
        to.extend_from_slice(message);
    }
    put_varint(&mut to, edit.results.len() as u64);
    for (call, tool, text) in &edit.results {
        [call, tool, text].into_iter().for_each(|part| put_text(&mut to, part));
    }
    to
}

pub fn read(mut from: &[u8]) -> Result<(Vec<Bytes>, Results), LedgerError> {
    let from = &mut from;
    let count = take_varint(from)?;
    let messages =
        (0..count).map(|_| take_bytes(from).map(Bytes::copy_from_slice)).collect::<Result<_, LedgerError>>()?;
    let count = take_varint(from)?;
    let results = (0..count)
        .map(|_| Ok((take_text(from)?, take_text(from)?, take_text(from)?)))
        .collect::<Result<_, LedgerError>>()?;
    Ok((messages, results))
}
