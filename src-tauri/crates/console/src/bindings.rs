//! The UI's types, generated: every view type, and `Commands`, which gives each command's arguments and result.

use crate::{COMMANDS, Change, RpcError, command, for_each_command, view};
use command::*;
use specta::Types;
use specta_typescript::Typescript;
use view::*;

macro_rules! register {
    ($(#[doc = $summary:literal] $name:ident($args:ident) -> $result:ident;)*) => {
        fn types() -> Types {
            Types::default()$(.register::<$args>().register::<$result>())*.register::<Change>().register::<RpcError>()
        }
    };
}
for_each_command!(register);

/// The text of `ui/src/bridge/bindings.ts`.
pub fn typescript() -> Result<String, specta_typescript::Error> {
    let mut commands =
        String::from("/** Every command by name: what goes in, what comes out. */\nexport type Commands = {\n");
    for command in COMMANDS {
        let summary = command.summary.trim();
        commands += &format!(
            "  /** {summary} */\n  {}: {{ args: {}; result: {} }};\n",
            command.name, command.args, command.result
        );
    }
    commands += "};\n\nexport const COMMANDS = [\n";
    for command in COMMANDS {
        commands += &format!("  \"{}\",\n", command.name);
    }
    commands += "] as const satisfies readonly (keyof Commands)[];\n";
    let types = Typescript::default()
        .header("// Generated from src-tauri/crates/console by `cargo test -p switchtower-console`. Do not edit.\n\n")
        .export(&types(), specta_serde::Format)?;
    Ok(format!("{}\n\n{commands}", types.trim_end()))
}

#[cfg(test)]
mod tests {
    /// Writes the file where it is out of date and then fails once, so that a stale one cannot pass a check unseen.
    #[test]
    fn the_ui_types_are_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/src/bridge/bindings.ts");
        let current = super::typescript().unwrap();
        let written = std::fs::read_to_string(path).unwrap_or_default();
        if written != current {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/src/bridge")).unwrap();
            std::fs::write(path, current).unwrap();
            panic!("ui/src/bridge/bindings.ts was out of date; it is rewritten now: look at it and commit it");
        }
    }
}
