//! The tray icon: how many questions wait, show, hide, quit. Where a desktop has no tray, the window says the same.

use crate::{badge, end};
use tauri::{
    AppHandle, Emitter, Manager, Result, Wry,
    image::Image,
    menu::{Menu, MenuItem, PredefinedMenuItem},
    tray::{MouseButton, TrayIconBuilder, TrayIconEvent},
};

const TRAY: &str = "main";
/// The event under which the interface hears where it shall go.
const OPEN: &str = "open";

/// The menu's entry for what waits.
struct WaitingEntry(MenuItem<Wry>);

pub fn build(app: &AppHandle) -> Result<()> {
    let entry = |id: &str, text: &str, enabled| MenuItem::with_id(app, id, text, enabled, None::<&str>);
    let waiting = entry("waiting", &entry_text(0), false)?;
    let menu = Menu::with_items(
        app,
        &[
            &waiting,
            &PredefinedMenuItem::separator(app)?,
            &entry("show", "Show Switchtower", true)?,
            &entry("hide", "Hide window", true)?,
            &PredefinedMenuItem::separator(app)?,
            &entry("quit", "Quit and stop the runtime", true)?,
        ],
    )?;
    app.manage(WaitingEntry(waiting));
    let mut tray = TrayIconBuilder::with_id(TRAY).tooltip(tooltip(0)).menu(&menu).show_menu_on_left_click(true);
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.on_menu_event(|app, event| match event.id().as_ref() {
        "waiting" => open_approvals(app),
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

/// Says how many questions wait: in the menu, beside and on the icon.
pub fn count(app: &AppHandle, waiting: usize) {
    let Some(tray) = app.tray_by_id(TRAY) else { return };
    let shown = || -> Result<()> {
        tray.set_tooltip(Some(tooltip(waiting)))?;
        tray.set_title((waiting > 0).then(|| waiting.to_string()))?;
        if let Some(icon) = app.default_window_icon() {
            let (width, height) = (icon.width(), icon.height());
            tray.set_icon(Some(match waiting {
                0 => icon.clone(),
                _ => Image::new_owned(badge::mark(icon.rgba(), width, height), width, height),
            }))?;
        }
        if let Some(entry) = app.try_state::<WaitingEntry>() {
            entry.0.set_text(entry_text(waiting))?;
            entry.0.set_enabled(waiting > 0)?;
        }
        Ok(())
    };
    if let Err(error) = shown() {
        tracing::debug!(%error, waiting, "the tray does not show what waits");
    }
}

fn tooltip(waiting: usize) -> String {
    match waiting {
        0 => "Switchtower".to_owned(),
        waiting => format!("Switchtower: {waiting} waiting for you"),
    }
}

fn entry_text(waiting: usize) -> String {
    match waiting {
        0 => "Nothing is waiting".to_owned(),
        waiting => format!("{waiting} waiting…"),
    }
}

/// Whether a person has the window before them.
pub fn in_view(app: &AppHandle) -> bool {
    // One that does not answer is not seen either.
    let seen =
        |window: tauri::WebviewWindow| window.is_visible().and_then(|visible| Ok(visible && window.is_focused()?));
    app.get_webview_window("main").is_some_and(|window| seen(window).unwrap_or(false))
}

pub fn open_approvals(app: &AppHandle) {
    show(app);
    // No window: nobody to tell.
    let _ = app.emit(OPEN, "/approvals");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tray_says_how_many_wait() {
        assert_eq!((tooltip(0), entry_text(0)), ("Switchtower".into(), "Nothing is waiting".into()));
        assert_eq!((tooltip(2), entry_text(2)), ("Switchtower: 2 waiting for you".into(), "2 waiting…".into()));
    }
}
