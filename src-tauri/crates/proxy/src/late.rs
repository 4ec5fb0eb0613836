//! Scores that only shadow rules wait for: asked beside the moment, which goes on at once. When the exchange has ended they are awaited, the
//! rules that read them judge what was observed then, and what they would have done is recorded with that moment's time.

use crate::{
    account, classify, effects,
    exchange::Exchange,
    moment::{AtHand, Moment},
    pipeline,
};
use domain::*;
use serde_json::Value;
use tokio::task::JoinSet;

/// A moment whose shadow rules are not judged yet.
pub(crate) struct Late {
    moment: Moment,
    observation: Observation,
    /// With the classifier's key.
    scores: JoinSet<(String, Result<Scored, String>)>,
}

/// Asks, and waits for nothing.
pub(crate) fn ask(exchange: &Exchange, moment: &Moment, observation: &Observation) {
    let asked = exchange.policies.late_classifications(observation.point);
    let text = classify::text(observation);
    let mut scores = JoinSet::new();
    for asked in asked {
        if let ClassifierKind::Http { url } = &asked.kind {
            let answer = classify::put(exchange, asked, url, observation.point, text);
            let key = asked.key.clone();
            scores.spawn(async move { (key, answer.await) });
        }
    }
    if !scores.is_empty() {
        exchange.late.lock().push(Late { moment: moment.clone(), observation: observation.clone(), scores });
    }
}

/// Judges what had to wait; its agent has its answer.
pub(crate) async fn tell(exchange: &Exchange, late: Vec<Late>) {
    for Late { moment, mut observation, scores } in late {
        for (key, answer) in scores.join_all().await {
            classify::take(exchange, &key, answer, &mut observation.named);
        }
        let mut verdict = pipeline::reason_late(exchange, &observation);
        let at_hand = AtHand::of(exchange, &moment, &observation);
        let mut acts = act::carry_out(&verdict.decisions, &at_hand.scene(exchange, &moment));
        effects::estimate(exchange, &observation, &mut acts).await;
        for evaluation in &mut verdict.evaluations {
            evaluation.values.insert("scored beside the traffic".to_owned(), Value::from(true));
        }
        exchange.note(account::records_late(exchange, observation.at, verdict, &acts));
        account::settle(exchange, &acts, false).await;
    }
    exchange.flush();
}
