//! Forking a recorded exchange, and two exchanges' answers beside each other.

use crate::{CompareExchanges, Console, ErrorCode, ForkSession, RpcError, query, view::*};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{EventKind, ExchangeId, SessionId};
use ledger::ExchangeRecord;
use proxy::{Fork, ForkError};
use serde_json::Value;

impl Console {
    pub async fn fork_session(&self, args: ForkSession) -> Result<ForkView, RpcError> {
        let runtime = self.live()?;
        let from: ExchangeId = query::id(&args.exchange)?;
        let record = self.ledger.get_exchange(from).await?;
        let agent = self.ledger.get_session(record.session).await?.agent;
        if record.incomplete {
            return Err(RpcError::new(
                ErrorCode::Refused,
                "parts of this exchange's request are missing in the record",
            ));
        }
        let sent = query::request(record.sent_request.as_ref().unwrap_or(&record.agent_request))?;
        let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let fork = Fork {
            from,
            agent,
            path: record.path.clone(),
            headers: sent.headers.clone(),
            body: match args.body {
                Some(body) => whole_body(body)?.into_bytes(),
                None => recorded_body(sent)?,
            },
            provider: record.provider.clone(),
            ask: text(args.provider),
            without: self.known_rules(args.without)?,
            model: text(args.model),
            message: text(args.message),
        };
        let forked = runtime.fork(fork).await?;
        let after = self.ledger.get_exchange(forked.exchange).await?;
        Ok(ForkView {
            session: forked.session.to_string(),
            exchange: forked.exchange.to_string(),
            comparison: ComparisonView { before: answer(record), after: answer(after) },
        })
    }

    pub async fn compare_exchanges(&self, args: CompareExchanges) -> Result<ComparisonView, RpcError> {
        let one = self.ledger.get_exchange(query::id(&args.exchange)?).await?;
        let other = self.ledger.get_exchange(query::id(&args.with)?).await?;
        Ok(ComparisonView { before: answer(one), after: answer(other) })
    }

    /// What a session was forked from; none where it is no fork.
    pub(crate) async fn fork_of(&self, session: SessionId) -> Result<Option<ForkedFrom>, RpcError> {
        let told = self.ledger.told(session, EventKind::Forked).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(told.first().and_then(|told| {
            Some(ForkedFrom {
                exchange: text(&told.payload["from"])?,
                fork: told.exchange?.to_string(),
                model: text(&told.payload["model"]),
                message: text(&told.payload["message"]),
                provider: text(&told.payload["provider"]),
                without: told.payload["without"].as_array().into_iter().flatten().filter_map(text).collect(),
            })
        }))
    }
}

impl Console {
    fn known_rules(&self, without: Vec<String>) -> Result<Vec<String>, RpcError> {
        let policies = self.policies.page().policies;
        let rules = policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        let known: Vec<String> = rules.map(|(policy, rule)| format!("{}/{}", policy.name, rule.id)).collect();
        let is_known = |name: &String| known.iter().any(|rule| rule == name || rule.split('/').nth(1) == Some(name));
        match without.iter().find(|name| !is_known(name)) {
            None => Ok(without),
            Some(unknown) => Err(RpcError::new(ErrorCode::NotFound, format!("no rule “{unknown}” is in force"))
                .with_hint(format!("in force are {}", known.join(", ")))),
        }
    }
}

fn whole_body(body: Value) -> Result<String, RpcError> {
    let text = match body {
        Value::String(text) => text,
        other => other.to_string(),
    };
    match serde_json::from_str::<serde_json::Map<String, Value>>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(RpcError::new(ErrorCode::BadRequest, format!("the body is no JSON object: {error}"))),
    }
}

fn recorded_body(sent: MessageView) -> Result<Vec<u8>, RpcError> {
    let body = sent.body.unwrap_or_default();
    match sent.encoding {
        None => Ok(body.into_bytes()),
        Some(_) => BASE64_STANDARD
            .decode(body)
            .map_err(|error| RpcError::new(ErrorCode::Refused, format!("the recorded request is no text: {error}"))),
    }
}

fn answer(record: ExchangeRecord) -> ComparedAnswer {
    let calls = record.calls.into_iter().map(|stored| ComparedCall {
        name: stored.call.name,
        arguments: stored.call.arguments.into(),
        blocked: stored.blocked,
    });
    ComparedAnswer {
        session: record.session.to_string(),
        exchange: record.id.to_string(),
        step: record.step,
        provider: record.provider,
        model: record.served_model.unwrap_or(record.model),
        state: query::state(record.state),
        finish: record.finish,
        error: record.error,
        text: record.answer_text.into(),
        calls: calls.collect(),
        input_tokens: record.usage.input,
        cached_tokens: record.usage.cached,
        output_tokens: record.usage.output,
        estimated: record.usage.estimated,
        cost_usd: record.cost_usd,
        first_token_ms: record.timing.and_then(|timing| timing.first_token_ms),
        duration_ms: record.timing.map(|timing| timing.duration_ms),
    }
}

impl From<ForkError> for RpcError {
    fn from(error: ForkError) -> RpcError {
        let own = "add one to switchtower.toml and start the runtime again: a provider of this dialect with \
                   api_key = \"env:NAME\", under a name of its own, so that agents' keys go on passing through the present one";
        let (code, hint) = match &error {
            ForkError::NoKey { .. } | ForkError::PassedThrough(_) => (ErrorCode::Refused, Some(own)),
            ForkError::HeldHistory => (
                ErrorCode::Refused,
                Some("fork an exchange whose request holds its whole history, or rewind: `switchtower run --from`"),
            ),
            ForkError::NoProvider(_) => (ErrorCode::NotFound, Some("`health` lists the providers and their dialects")),
            ForkError::Unreadable(_) => (ErrorCode::Refused, None),
            ForkError::Stopping => (ErrorCode::Unreachable, Some("start it again with `switchtower serve`")),
        };
        let told = RpcError::new(code, error.to_string());
        match hint {
            Some(hint) => told.with_hint(hint),
            None => told,
        }
    }
}
