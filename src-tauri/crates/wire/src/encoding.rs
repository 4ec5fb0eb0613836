//! Content encodings, undone on the side: what is forwarded stays compressed, what is read is not. Decoding is incremental, so that a
//! compressed stream's events are seen as they pass.

use crate::WireError;
use bytes::{Bytes, BytesMut};
use std::io::{self, Write};

/// More than this out of one body is an attack, or nothing that a person could look at.
const LARGEST: usize = 256 << 20;

/// Undoes the `Content-Encoding` of one body, chunk by chunk.
pub struct Decoding {
    stages: Vec<Stage>,
    made: usize,
}

enum Stage {
    Gzip(flate2::write::MultiGzDecoder<Vec<u8>>),
    /// RFC 9110 says zlib; some servers send the bare stream. The first byte tells.
    Deflate(Option<Deflate>),
    Brotli(Box<brotli::DecompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Decoder<'static, Vec<u8>>),
}

enum Deflate {
    Zlib(flate2::write::ZlibDecoder<Vec<u8>>),
    Bare(flate2::write::DeflateDecoder<Vec<u8>>),
}

impl std::fmt::Debug for Decoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.stages.iter().map(Stage::name)).finish()
    }
}

impl Decoding {
    /// For the header's value, several encodings included; `None`: one of them is unknown.
    pub fn new(content_encoding: Option<&str>) -> Option<Self> {
        let names = content_encoding.unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase());
        let mut stages = Vec::new();
        for name in names {
            match name.as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" => stages.push(Stage::Gzip(flate2::write::MultiGzDecoder::new(Vec::new()))),
                "deflate" => stages.push(Stage::Deflate(None)),
                "br" => stages.push(Stage::Brotli(Box::new(brotli::DecompressorWriter::new(Vec::new(), 4096)))),
                "zstd" => stages.push(Stage::Zstd(zstd::stream::write::Decoder::new(Vec::new()).ok()?)),
                _ => return None,
            }
        }
        // The last one named was applied last.
        stages.reverse();
        Some(Decoding { stages, made: 0 })
    }

    /// What `chunk` decodes to; possibly nothing yet.
    pub fn push(&mut self, chunk: &Bytes) -> Result<Bytes, WireError> {
        let mut bytes = chunk.clone();
        for stage in &mut self.stages {
            let encoding = stage.name();
            bytes = stage.push(&bytes).map_err(|source| WireError::Encoding { encoding, source })?;
        }
        self.made += bytes.len();
        if self.made > LARGEST && !self.is_identity() {
            let source = io::Error::new(io::ErrorKind::FileTooLarge, "more than 256 MiB");
            return Err(WireError::Encoding { encoding: self.stages.first().map_or("identity", Stage::name), source });
        }
        Ok(bytes)
    }

    /// True where nothing is to be undone.
    pub fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }
}

impl Stage {
    fn name(&self) -> &'static str {
        match self {
            Stage::Gzip(_) => "gzip",
            Stage::Deflate(_) => "deflate",
            Stage::Brotli(_) => "br",
            Stage::Zstd(_) => "zstd",
        }
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        match self {
            Stage::Gzip(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(taken(decoder.get_mut()))
            }
            Stage::Deflate(state) => {
                let Some(first) = bytes.first() else { return Ok(Bytes::new()) };
                let decoder = state.get_or_insert_with(|| match first & 0x0f {
                    8 => Deflate::Zlib(flate2::write::ZlibDecoder::new(Vec::new())),
                    _ => Deflate::Bare(flate2::write::DeflateDecoder::new(Vec::new())),
                });
                match decoder {
                    Deflate::Zlib(decoder) => {
                        decoder.write_all(bytes)?;
                        decoder.flush()?;
                        Ok(taken(decoder.get_mut()))
                    }
                    Deflate::Bare(decoder) => {
                        decoder.write_all(bytes)?;
                        decoder.flush()?;
                        Ok(taken(decoder.get_mut()))
                    }
                }
            }
            Stage::Brotli(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(taken(decoder.get_mut()))
            }
            Stage::Zstd(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(taken(decoder.get_mut()))
            }
        }
    }
}

fn taken(out: &mut Vec<u8>) -> Bytes {
    Bytes::from(std::mem::take(out))
}

/// A whole body with its encoding undone; the same bytes where there is none.
pub fn decode_body(content_encoding: Option<&str>, body: &Bytes) -> Result<Bytes, WireError> {
    let unknown = || WireError::UnknownEncoding(content_encoding.unwrap_or_default().to_owned());
    let mut decoding = Decoding::new(content_encoding).ok_or_else(unknown)?;
    if decoding.is_identity() {
        return Ok(body.clone());
    }
    // In pieces, so that a small body that swells to gigabytes is given up early.
    let mut out = BytesMut::new();
    for piece in body.chunks(16 << 10) {
        out.extend_from_slice(&decoding.push(&body.slice_ref(piece))?);
    }
    Ok(out.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(name: &str, text: &[u8]) -> Bytes {
        let level = flate2::Compression::default();
        match name {
            "gzip" => {
                let mut to = flate2::write::GzEncoder::new(Vec::new(), level);
                to.write_all(text).unwrap();
                to.finish().unwrap().into()
            }
            "deflate" => {
                let mut to = flate2::write::ZlibEncoder::new(Vec::new(), level);
                to.write_all(text).unwrap();
                to.finish().unwrap().into()
            }
            "deflate, bare" => {
                let mut to = flate2::write::DeflateEncoder::new(Vec::new(), level);
                to.write_all(text).unwrap();
                to.finish().unwrap().into()
            }
            "br" => {
                let mut to = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20);
                to.write_all(text).unwrap();
                to.into_inner().into()
            }
            "zstd" => zstd::encode_all(text, 3).unwrap().into(),
            _ => Bytes::copy_from_slice(text),
        }
    }

    #[test]
    fn every_encoding_is_undone_byte_by_byte() {
        let text: Vec<u8> = (0..5000).flat_map(|n| format!("data: {{\"n\":{n}}}\n\n").into_bytes()).collect();
        for name in ["gzip", "deflate", "deflate, bare", "br", "zstd", "identity", ""] {
            let body = encoded(name, &text);
            let header = name.split(',').next();
            assert_eq!(decode_body(header, &body).unwrap(), text, "{name}");
            let mut decoding = Decoding::new(header).unwrap();
            let mut out = vec![];
            for at in 0..body.len() {
                out.extend_from_slice(&decoding.push(&body.slice(at..at + 1)).unwrap());
            }
            assert_eq!(out, text, "{name}");
        }
    }

    #[test]
    fn encodings_stack() {
        let body = encoded("zstd", &encoded("gzip", b"hello"));
        assert_eq!(decode_body(Some("gzip, zstd"), &body).unwrap(), "hello");
    }

    #[test]
    fn a_flushed_part_is_readable_before_the_end() {
        let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        to.write_all(b"data: 1\n\n").unwrap();
        to.flush().unwrap();
        let part = Bytes::from(to.get_ref().clone());
        assert_eq!(Decoding::new(Some("gzip")).unwrap().push(&part).unwrap(), "data: 1\n\n");
    }

    #[test]
    fn what_cannot_be_undone_is_an_error() {
        assert!(Decoding::new(Some("snappy")).is_none());
        assert!(matches!(decode_body(Some("snappy"), &Bytes::new()), Err(WireError::UnknownEncoding(_))));
        assert!(decode_body(Some("gzip"), &Bytes::from_static(b"no gzip at all")).is_err());
    }

    #[test]
    fn a_bomb_is_given_up() {
        let bomb = Bytes::from(zstd::encode_all(io::Read::take(io::repeat(b'a'), 300 << 20), 3).unwrap());
        assert!(decode_body(Some("zstd"), &bomb).is_err());
    }
}
