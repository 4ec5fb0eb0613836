//! The console's commands over the window's own channel: the same names, each one line.

use crate::desk::Desk;
use console::{RpcError, for_each_command};
use serde_json::Value;
use std::sync::Arc;
use tauri::{State, Wry, ipc::Invoke};

macro_rules! commands {
    ($(#[doc = $summary:literal] $name:ident($args:ident) -> $result:ident;)*) => {
        $(
            #[doc = $summary]
            #[tauri::command]
            async fn $name(desk: State<'_, Arc<Desk>>, args: Value) -> Result<Value, RpcError> {
                desk.call(stringify!($name), args).await
            }
        )*

        pub fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($name),*]
        }

        #[cfg(test)]
        const REGISTERED: &[&str] = &[$(stringify!($name)),*];
    };
}
for_each_command!(commands);

#[cfg(test)]
mod tests {
    #[test]
    fn the_window_registers_every_command_of_the_console() {
        let table: Vec<_> = console::COMMANDS.iter().map(|command| command.name).collect();
        assert_eq!(super::REGISTERED, table);
    }
}
