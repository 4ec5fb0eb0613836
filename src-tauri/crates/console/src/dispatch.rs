//! One way in for every transport: a name and JSON arguments, JSON back.

use crate::{Console, ErrorCode, PLANNED, RpcError, command::*, for_each_command, long, view::BlobView};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

macro_rules! run {
    ($(#[doc = $summary:literal] $name:ident($args:ident) -> $result:ident;)*) => {
        impl Console {
            /// Runs a command; long strings stay whole.
            async fn run(&self, name: &str, args: Value) -> Result<Value, RpcError> {
                match name {
                    $(stringify!($name) => answer(self.$name(read::<$args>(name, args)?).await?),)*
                    _ => Err(unknown(name)),
                }
            }
        }
    };
}
for_each_command!(run);

/// Answers that are pieces already.
const PIECEWISE: [&str; 2] = ["get_blob", "export_session"];
/// Commands that change something: no reference may run them.
const WRITING: [&str; 10] = [
    "save_policy",
    "import",
    "resolve_escalation",
    "control_session",
    "pause_all",
    "begin_rewind",
    "fork_session",
    "set_breakpoint",
    "clear_breakpoint",
    "set_breaker",
];

impl Console {
    /// Carries out a command of the table. Strings over 16 KiB come as references.
    pub async fn dispatch(&self, name: &str, args: Value) -> Result<Value, RpcError> {
        let args = if args.is_null() { Value::Object(Default::default()) } else { args };
        if PIECEWISE.contains(&name) {
            return self.run(name, args).await;
        }
        let mut answer = self.run(name, args.clone()).await?;
        long::shorten(&mut answer, name, &args);
        Ok(answer)
    }

    pub async fn get_blob(&self, args: GetBlob) -> Result<BlobView, RpcError> {
        let (name, inner, pointer) = long::read_reference(&args.reference)?;
        if PIECEWISE.contains(&name) || WRITING.contains(&name) {
            return Err(RpcError::new(ErrorCode::BadRequest, "this is no reference that the console gave"));
        }
        let whole = Box::pin(self.run(name, inner)).await?;
        long::piece(&whole, pointer, args.offset, args.length)
            .ok_or_else(|| RpcError::new(ErrorCode::NotFound, "there is no text at this reference any more"))
    }
}

fn read<T: DeserializeOwned>(name: &str, args: Value) -> Result<T, RpcError> {
    serde_json::from_value(args).map_err(|error| RpcError::new(ErrorCode::BadRequest, format!("{name}: {error}")))
}

fn answer<T: Serialize>(view: T) -> Result<Value, RpcError> {
    serde_json::to_value(view)
        .map_err(|error| RpcError::new(ErrorCode::Failed, format!("the answer cannot be written: {error}")))
}

fn unknown(name: &str) -> RpcError {
    if PLANNED.contains(&name) {
        return RpcError::new(ErrorCode::NotYet, format!("{name} is not part of this version"));
    }
    let known: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
    RpcError::new(ErrorCode::UnknownCommand, format!("there is no command {name}"))
        .with_hint(format!("known are {}", known.join(", ")))
}
