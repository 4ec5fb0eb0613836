//! Classifiers that run elsewhere: the text posted as JSON, a score and names read back.

use crate::HttpUpstream;
use domain::{Asked, Classifier, Scored, Upstream, UpstreamRequest};
use futures::{StreamExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Method, header};

/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Asks by the same client as requests.
#[derive(Clone)]
pub struct Classifiers {
    client: HttpUpstream,
}

impl Classifiers {
    pub fn new(client: HttpUpstream) -> Classifiers {
        Classifiers { client }
    }
}

impl Classifier for Classifiers {
    fn score(&self, url: String, asked: Asked) -> BoxFuture<'static, Result<Scored, String>> {
        let client = self.client.clone();
        Box::pin(async move {
            let body = serde_json::to_vec(&asked).map_err(|error| error.to_string())?;
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let request = UpstreamRequest { method: Method::POST, url, headers, body: body.into() };
            let mut response = client.send(request).await.map_err(|failure| failure.message)?;
            if !response.status.is_success() {
                return Err(format!("it answered with status {}", response.status.as_u16()));
            }
            let mut answer = Vec::new();
            while let Some(chunk) = response.body.next().await {
                answer.extend_from_slice(&chunk.map_err(|failure| failure.message)?);
                if answer.len() > LONGEST {
                    return Err(format!("its answer is longer than {LONGEST} bytes"));
                }
            }
            read(&answer)
        })
    }
}

fn read(answer: &[u8]) -> Result<Scored, String> {
    let scored: Scored = serde_json::from_slice(answer)
        .map_err(|error| format!("its answer is not {{\"score\": 0.5, \"found\": [\"…\"]}}: {error}"))?;
    match (0.0..=1.0).contains(&scored.score) {
        true => Ok(scored),
        false => Err(format!("its score {} is not from 0 to 1", scored.score)),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use domain::Scored;

    #[test]
    fn an_answer_is_a_score_from_0_to_1_and_perhaps_names() {
        assert_eq!(read(br#"{"score": 0.5}"#), Ok(Scored { score: 0.5, found: Vec::new() }));
        assert_eq!(read(br#"{"score": 1, "found": ["x"], "more": {}}"#).unwrap().found, ["x"]);
        assert!(read(br#"{"score": 1.5}"#).unwrap_err().contains("not from 0 to 1"));
        assert!(read(b"no").unwrap_err().starts_with("its answer is not"));
    }
}
