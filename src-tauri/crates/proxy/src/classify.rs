//! What classifiers and schemas say of a moment's text, asked beside the session's task and folded into the observation before rules read it.
//!
//! Only what a rule in force reads is asked. One that gives no score, or none in time, is an event; the rule goes by its `on_error`.

use crate::{exchange::Exchange, pipeline::Moment};
use domain::*;
use futures::future;
use wire::Shapes;

pub(crate) async fn fold(exchange: &Exchange, moment: &Moment, observation: &mut Observation) {
    if let (Moment::Result(returned), Some(tool)) = (moment, &observation.tool) {
        observation.named.schema = exchange.policies.schema_facts(&tool.name, &returned.result.text);
    }
    let asked = exchange.policies.classifications(observation.point);
    if asked.is_empty() {
        return;
    }
    let text = text(observation).to_owned();
    let answers = future::join_all(asked.iter().map(|asked| score(exchange, asked, observation.point, &text))).await;
    for (asked, answer) in asked.iter().zip(answers) {
        take(exchange, &asked.key, answer, &mut observation.named);
    }
}

/// What the moment is about.
pub(crate) fn text(observation: &Observation) -> &str {
    let Observation { request, response, call, result, .. } = observation;
    match observation.point {
        Point::ModelRequest | Point::SessionIdle => &request.text,
        Point::ToolCall => call.as_ref().map_or("", |call| &call.raw),
        Point::ToolResult => result.as_ref().map_or("", |result| &result.text),
        Point::ModelStream | Point::ModelResponse => response.as_ref().map_or("", |response| &response.text),
    }
}

/// The question to a classifier that answers from elsewhere, put at once; late, it is an error.
pub(crate) fn put(
    exchange: &Exchange,
    asked: &Classification,
    url: &str,
    point: Point,
    text: &str,
) -> impl Future<Output = Result<Scored, String>> + Send + use<> {
    let question = Asked {
        classifier: asked.name.clone(),
        point,
        agent: exchange.agent.clone(),
        session: exchange.session.id,
        exchange: exchange.id,
        text: text.to_owned(),
    };
    let (answer, max) = (exchange.core.ports.classifier.score(url.to_owned(), question), asked.max);
    async move {
        let late = || format!("no answer within {} ms", max.as_millis());
        tokio::time::timeout(max, answer).await.unwrap_or_else(|_| Err(late()))
    }
}

/// One answer, or the event that says why there is none.
pub(crate) fn take(exchange: &Exchange, key: &str, answer: Result<Scored, String>, named: &mut NamedFacts) {
    match answer {
        Ok(Scored { score, found }) => {
            named.score.insert(key.to_owned(), score);
            named.found.insert(key.to_owned(), found);
        }
        Err(why) => {
            let payload = serde_json::json!({ "classifier": key, "why": exchange.mask.masked(&why) });
            exchange.event(EventKind::ClassifierFailed, payload);
        }
    }
}

async fn score(exchange: &Exchange, asked: &Classification, point: Point, text: &str) -> Result<Scored, String> {
    match &asked.kind {
        _ if text.is_empty() => Ok(Scored::default()),
        ClassifierKind::Rules { certain, phrases } => Ok(Scored::by_rules(names(certain, text), names(phrases, text))),
        ClassifierKind::Http { url } => put(exchange, asked, url, point, text).await,
    }
}

/// The names of the patterns that match, each once. Most texts have none: one pass for all of them says so.
fn names(patterns: &[Pattern], text: &str) -> Vec<String> {
    let any = patterns.iter().map(|pattern| format!("(?:{})", pattern.regex)).collect::<Vec<_>>().join("|");
    let any = Pattern { name: String::new(), regex: any, check: None };
    if patterns.is_empty() || !Shapes::of([&any]).match_in(text) {
        return Vec::new();
    }
    let matches = |pattern: &&Pattern| !Shapes::of([*pattern]).spots(text).is_empty();
    patterns.iter().filter(matches).map(|pattern| pattern.name.clone()).collect()
}
