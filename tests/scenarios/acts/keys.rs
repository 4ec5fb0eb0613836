//! Whose key goes where: a request that a rule sends to another provider takes along nothing that the agent authenticates with.

use serde_json::json;
use switchtower_tests::{Agent, Dialect, Options, Provider, Runtime, Turn, cells::forms, judge, render};

const OWN: &str = "own-key-0123456789abcdef0123";

fn family(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Chat | Dialect::Responses => ("openai", "/v1"),
        Dialect::Anthropic => ("anthropic", ""),
        Dialect::Gemini | Dialect::GeminiArray => ("gemini", ""),
        Dialect::Ollama | Dialect::OllamaGenerate => ("ollama", ""),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reroute_to_another_provider_takes_no_key_of_the_caller() {
    for (dialect, streamed) in forms() {
        let cell = format!("{dialect:?} streamed={streamed}");
        let script = || judge::strict(|request| render::answer(request, &Turn::text("Fine.").numbered(0)));
        let (callers, other) = (Provider::start(script()).await, Provider::start(script()).await);
        let (name, path) = family(dialect);
        let policy = "version = 1\n[[rule]]\nid = \"away\"\non = \"model.request\"\nwhen = \"request.text == 'Two'\"\n\
                      do = [{ reroute = { model = \"other-model\", provider = \"other\" } }]\n";
        let mut options = Options::to(&callers.base).policy("away", policy);
        options.config += &format!(
            "[providers.other]\ndialect = \"{name}\"\nbase_url = \"{}{path}\"\napi_key = \"env:OWN_KEY\"\n\n",
            other.base
        );
        options.environment.push(("OWN_KEY".into(), OWN.into()));
        let runtime = Runtime::start(&options);
        let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
        for text in ["One", "Two"] {
            agent.say(text);
            assert_eq!(agent.turn().await.0.text, "Fine.", "{cell}");
        }
        let (stayed, went) = (callers.received(), other.received());
        assert_eq!((stayed.len(), went.len()), (1, 1), "{cell}");
        let sent = format!("{} {:?}", went[0].target(), went[0].head);
        let had = format!("{:?}", stayed[0].head).contains(&agent.key);
        assert!(had || dialect == Dialect::Ollama, "{cell}: to its own provider the key goes");
        assert!(!sent.contains(&agent.key) && sent.contains(OWN), "{cell}: {sent}");
        let shown = runtime.rpc("list_interventions", json!({})).await;
        assert_eq!(shown["interventions"][0]["action"], "reroute", "{cell}: {shown}");
        assert!(!shown.to_string().contains(OWN), "{cell}: the own key is masked");
    }
}
