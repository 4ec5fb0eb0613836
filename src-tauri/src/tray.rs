//! The tray icon: show, hide, quit.

use crate::end;
use tauri::{
    AppHandle, Manager, Result,
    menu::{Menu, MenuItem, PredefinedMenuItem},
    tray::{MouseButton, TrayIconBuilder, TrayIconEvent},
};

pub fn build(app: &AppHandle) -> Result<()> {
    let entry = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
    let menu = Menu::with_items(
        app,
        &[
            &entry("show", "Show Switchtower")?,
            &entry("hide", "Hide window")?,
            &PredefinedMenuItem::separator(app)?,
            &entry("quit", "Quit and stop the runtime")?,
        ],
    )?;
    let mut tray = TrayIconBuilder::with_id("main").tooltip("Switchtower").menu(&menu).show_menu_on_left_click(true);
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.on_menu_event(|app, event| match event.id().as_ref() {
        "show" => show(app),
        "hide" => hide(app),
        "quit" => end(app),
        _ => {}
    })
    .on_tray_icon_event(|tray, event| {
        if let TrayIconEvent::DoubleClick { button: MouseButton::Left, .. } = event {
            show(tray.app_handle());
        }
    })
    .build(app)?;
    Ok(())
}

pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        // Each may be refused by a window manager; none matters alone.
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

fn hide(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        let _ = window.hide();
    }
}
