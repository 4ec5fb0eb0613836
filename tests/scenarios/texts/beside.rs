//! What is asked beside the traffic: scores for shadow rules.

use crate::*;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_rule_gets_its_score_beside_the_traffic() {
    let classifier = Provider::start(|request| {
        let score = if request.json()["text"].as_str().unwrap_or_default().contains("odd") { 0.9 } else { 0.1 };
        Reply::json(200, json!({"score": score, "found": ["x"]}).to_string()).delay(Duration::from_millis(1_500))
    })
    .await;
    let policy = format!(
        "version = 1\n[classifier.judge]\nkind = \"http\"\nurl = \"{}/score\"\n\
         [[rule]]\nid = \"odd\"\non = \"model.response\"\nmode = \"shadow\"\nwhen = \"score.judge > 0.5\"\ndo = [{{ block = \"Odd: {{{{score.judge}}}}.\" }}]\n",
        classifier.base
    );
    let provider = Provider::start(|_| whole_chat("An odd answer.")).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", &policy));
    let request = Dialect::Chat.request(false, "sk-x", chat(json!([{"role": "user", "content": "Hi"}])).to_string());
    let begun = Instant::now();
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    let (took, text) = (begun.elapsed(), response.text());
    assert!(took < Duration::from_millis(1_400) && text.contains("An odd answer."), "{took:?}: {text}");
    let id = response.header("x-switchtower-exchange").unwrap();
    let verdict = loop {
        let exchange = runtime.exchange(id).await;
        let found = exchange["verdicts"].as_array().unwrap().iter().find(|verdict| verdict["rule"] == "odd").cloned();
        match found {
            Some(verdict) => break verdict,
            None if begun.elapsed() > Duration::from_secs(10) => panic!("no verdict: {exchange}"),
            None => tokio::time::sleep(Duration::from_millis(30)).await,
        }
    };
    assert_eq!(
        (&verdict["matched"], &verdict["mode"], &verdict["recomputed"]),
        (&json!(true), &json!("shadow"), &json!(false)),
        "{verdict}"
    );
    assert_eq!(
        (&verdict["values"]["score.judge"], &verdict["values"]["scored beside the traffic"]),
        (&json!(0.9), &json!(true)),
        "{verdict}"
    );
    let flips = runtime.rpc("policy_flips", json!({"policy": "texts"})).await;
    assert_eq!(
        (&flips["flips"][0]["rule"], &flips["flips"][0]["would"]),
        (&json!("odd"), &json!("blocked")),
        "{flips}"
    );
    assert!(flips.to_string().contains("Would have: "), "{flips}");
    assert_eq!(classifier.received().len(), 1);
}
