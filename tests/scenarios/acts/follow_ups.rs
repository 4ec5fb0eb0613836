//! Follow-ups after a call that was taken out, at a provider that fails them: asked again as the rules on failures say, or else the answer
//! ends validly and the record says why.

use crate::{hand_world::World, recorded, say};
use switchtower_tests::{Dialect, Turn, render};

const BLOCK: &str = "version = 1\n[[rule]]\nid = \"no\"\non = \"tool.call\"\ndo = [\"block\"]\n";
const AGAIN: &str = "[[rule]]\nid = \"again\"\non = \"model.response\"\nwhen = \"response.failed\"\n\
                     do = [{ first = [{ retry = { times = 2, base = \"10ms\" } }, { block = \"Gave up.\" }] }]\n";

/// A call, then so many failures of what follows it, then an answer.
async fn world(dialect: Dialect, streamed: bool, failures: usize, policy: &str) -> World {
    let replies = move |request: &_, round: usize| match round {
        0 => {
            let call = Turn::call("delete_file", serde_json::json!({"path": "a"})).with_text("I delete it.");
            render::answer(request, &call.numbered(0))
        }
        round if round <= failures => render::error(dialect, 503, "busy"),
        round => render::answer(request, &Turn::text("Then not.").numbered(round)),
    };
    World::replying(dialect, streamed, replies, &[("acts", policy)]).await
}

pub async fn tried_again(dialect: Dialect, streamed: bool) {
    let world = world(dialect, streamed, 2, &format!("{BLOCK}{AGAIN}")).await;
    let mut agent = world.agent();
    let (answer, response) = say(&mut agent, "Delete it").await;
    assert!(answer.text.ends_with("Then not.") && answer.calls.is_empty(), "{answer:?}");
    assert_eq!(world.bodies().len(), 4);
    assert_eq!(world.bodies()[1], world.bodies()[3], "the same follow-up each time");
    let act = recorded(&world, "retry").await;
    assert_eq!(act["rule"], "again", "{act}");
    let exchange = world.exchange(&response).await;
    let attempts = exchange["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 4, "{exchange}");
    assert!(attempts[2]["why"].as_str().unwrap().starts_with("tried again after"), "{exchange}");
}

pub async fn given_up(dialect: Dialect, streamed: bool) {
    for (policy, asked) in [(BLOCK.to_owned(), 2), (format!("{BLOCK}{AGAIN}"), 4)] {
        let world = world(dialect, streamed, asked - 1, &policy).await;
        let mut agent = world.agent();
        let (answer, _) = say(&mut agent, "Delete it").await;
        assert!(answer.text.contains("the provider answered the follow-up with status 503"), "{}", answer.text);
        assert!(answer.calls.is_empty(), "{answer:?}");
        assert_eq!(world.bodies().len(), asked);
        let told = world.events(&["follow_up_failed"]).await;
        assert!(told[0].contains("503") && told[0].contains("busy"), "{told:?}");
        let (next, _) = say(&mut agent, "And now?").await;
        assert!(!next.text.is_empty(), "the conversation goes on");
    }
}
