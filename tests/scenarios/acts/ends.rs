//! A session that a rule ends or takes back, and somebody who is told.

use crate::{answering, recorded, say, scripted};
use serde_json::json;
use std::time::{Duration, Instant};
use switchtower_tests::{Dialect, Turn};

pub async fn stop(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"over\"\non = \"model.request\"\nwhen = \"request.text == 'Two'\"\n\
                  do = [{ stop = \"That is enough.\" }]\n";
    let (world, mut agent) = answering(dialect, streamed, policy).await;
    say(&mut agent, "One").await;
    for text in ["Two", "Three"] {
        let (answer, response) = say(&mut agent, text).await;
        assert!(answer.text.contains("That is enough."), "{}", answer.text);
        assert!(response.header("x-switchtower-intervention").is_some());
    }
    assert_eq!(world.bodies().len(), 1, "nothing goes out any more");
    assert_eq!(world.session().await["state"], "ended");
    recorded(&world, "stop").await;
}

pub async fn stop_at_call(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"over\"\non = \"tool.call\"\nwhen = \"tool.name == 'delete_file'\"\n\
                  do = [{ stop = \"Deleting ends this.\" }]\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |_| {
        Turn::call("delete_file", json!({"path": "/"})).with_text("I delete. ").thinking("So.", "c2ln")
    })
    .await;
    let (answer, _) = say(&mut agent, "Clean up").await;
    assert!(answer.calls.is_empty(), "the call is taken out: {answer:?}");
    assert!(answer.text.contains("Deleting ends this."), "{}", answer.text);
    let (answer, _) = say(&mut agent, "Go on").await;
    assert!(answer.text.contains("Deleting ends this."), "{}", answer.text);
    assert_eq!(world.bodies().len(), 1, "nothing goes out any more");
}

pub async fn rollback(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"back\"\non = \"model.request\"\nwhen = \"request.text == 'Three'\"\n\
                  do = [{ rollback = { steps = 2, text = \"Start over from here.\" } }]\n";
    let (world, mut agent) = answering(dialect, streamed, policy).await;
    for text in ["One", "Two", "Three", "Four"] {
        say(&mut agent, text).await;
    }
    if dialect == Dialect::OllamaGenerate {
        // A prompt carries no history that could be taken back.
        return;
    }
    let sent = world.upstream();
    let told = json!(sent[2]).to_string();
    assert!(told.contains("One") && told.contains("Start over from here."), "{told}");
    assert!(
        !told.contains("Two") && !told.contains("Answer") && !told.contains("Three"),
        "what came since is gone: {told}"
    );
    assert_eq!(sent[3][..sent[2].len()], sent[2][..], "and stays so");
    assert!(json!(sent[3]).to_string().contains("Four"));
    recorded(&world, "rollback").await;
}

pub async fn alert(dialect: Dialect, streamed: bool) {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note.json");
    let policy = format!(
        "version = 1\n[alert.desk]\nkind = \"desktop\"\n[alert.pager]\nkind = \"command\"\n\
         command = [\"sh\", \"-c\", \"cat > {0}.part && mv {0}.part {0}\"]\n[alert.lost]\nkind = \"command\"\ncommand = [\"no-such-program\"]\n\
         [[rule]]\nid = \"tell\"\non = \"model.request\"\nwhen = \"request.text == 'Two'\"\n\
         do = [{{ alert = {{ to = \"pager\", text = \"Two was said at {{{{request.model}}}}\" }} }}, {{ alert = \"desk\" }}, {{ alert = \"lost\" }}]\n",
        note.display()
    );
    let (world, mut agent) = answering(dialect, streamed, &policy).await;
    say(&mut agent, "One").await;
    let (answer, response) = say(&mut agent, "Two").await;
    assert_eq!(answer.text, "Answer 1.", "the traffic is as it was");
    let begun = Instant::now();
    while !note.exists() && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let notice: serde_json::Value = serde_json::from_slice(&std::fs::read(&note).unwrap()).unwrap();
    assert!(notice["text"].as_str().unwrap().starts_with("Two was said at"), "{notice}");
    assert_eq!(notice["rule"], "tell");
    let exchange = world.exchange(&response).await;
    assert_eq!(notice["exchange"], exchange["id"]);
    let events = world.events(&["alerted", "alerted", "alert_failed"]).await;
    assert!(events[2].contains("cannot start no-such-program"), "{events:?}");
    recorded(&world, "alert").await;
}
