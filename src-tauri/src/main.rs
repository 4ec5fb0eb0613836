//! The desktop app: the runtime inside a window, or a window onto a runtime that already lives.
#![allow(clippy::disallowed_methods)] // tauri::generate_context! expands to one; nothing here calls it

mod badge;
mod commands;
mod desk;
mod notice;
mod renderer;
mod tray;
mod waiting;

use desk::Desk;
use std::{process::ExitCode, sync::Arc, time::Duration};
use tauri::{AppHandle, Manager, RunEvent, WindowEvent};

/// How long open streams may go on after the window was closed.
const GRACE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    renderer::choose();
    let settings = match cli::window_settings() {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    cli::start_log(&settings);
    let instance = format!("dev.switchtower.window.d{:016x}", desk::name_of(&settings.data));
    let single = tauri_plugin_single_instance::Builder::new().dbus_id(instance).callback(|app, _, _| tray::show(app));
    let app = tauri::Builder::default();
    #[cfg(not(target_os = "linux"))]
    let app = app.plugin(tauri_plugin_notification::init());
    let app = app
        .plugin(single.build())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .invoke_handler(commands::handler())
        .setup(move |app| {
            let desk = Arc::new(tauri::async_runtime::block_on(Desk::open(settings))?);
            app.manage(desk.clone());
            tauri::async_runtime::spawn(desk.clone().tell(app.handle().clone()));
            tauri::async_runtime::spawn(end_on_signal(app.handle().clone()));
            if let Err(error) = tray::build(app.handle()) {
                tracing::warn!(%error, "no tray icon");
            }
            tauri::async_runtime::spawn(waiting::watch(desk, app.handle().clone()));
            Ok(())
        })
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            cli::tell(&format!("switchtower: {error}"));
            return ExitCode::FAILURE;
        }
    };
    app.run(|app, event| match event {
        // The last window closed, or somebody asked: streams may end first.
        RunEvent::ExitRequested { api, code: None, .. } => {
            api.prevent_exit();
            end(app);
        }
        RunEvent::WindowEvent { event: WindowEvent::CloseRequested { .. }, .. } => tracing::info!("closing"),
        _ => {}
    });
    ExitCode::SUCCESS
}

/// Gives open streams their time, commits, and ends the program.
pub(crate) fn end(app: &AppHandle) {
    for window in app.webview_windows().into_values() {
        // One that is already gone needs no hiding.
        let _ = window.hide();
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Some(desk) = app.try_state::<Arc<Desk>>() {
            desk.close(GRACE).await;
        }
        app.exit(0);
    });
}

/// SIGTERM and Ctrl-C end it as closing the window does; a second one at once.
async fn end_on_signal(app: AppHandle) {
    cli::signal().await;
    end(&app);
    cli::signal().await;
    app.exit(1);
}
