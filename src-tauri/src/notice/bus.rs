//! Notifications over the session bus (`org.freedesktop.Notifications`). A desktop without any is no failure: the tray counts all the same.

use crate::{tray, waiting::Notice};
use futures::StreamExt;
use std::collections::HashMap;
use tauri::AppHandle;
use tokio::sync::{Mutex, OnceCell};
use zbus::{Connection, proxy, zvariant::Value};

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Notifications {
    #[expect(clippy::too_many_arguments, reason = "the specification's own")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: &str) -> zbus::Result<()>;
}

pub struct Bell {
    app: AppHandle,
    desktop: OnceCell<Option<NotificationsProxy<'static>>>,
    /// Question → the desktop's own number for its notification.
    rung: Mutex<HashMap<String, u32>>,
}

impl Bell {
    pub fn new(app: AppHandle) -> Bell {
        Bell { app, desktop: OnceCell::new(), rung: Mutex::default() }
    }

    pub async fn ring(&self, question: &str, notice: &Notice) {
        let Some(desktop) = self.desktop().await else { return };
        // Urgent ones stay until they are seen: a question waits for minutes.
        let hints = HashMap::from([("urgency", Value::U8(2)), ("category", Value::from("im.received"))]);
        let (title, body) = (&notice.title, markup(&notice.body));
        let actions = ["default", "Open Approvals"];
        match desktop.notify("Switchtower", 0, "switchtower", title, &body, &actions, hints, 0).await {
            Ok(number) => {
                self.rung.lock().await.insert(question.to_owned(), number);
            }
            Err(error) => tracing::info!(%error, "the desktop shows no notifications"),
        }
    }

    /// Takes back the notification of a question that was answered.
    pub async fn withdraw(&self, question: &str) {
        let number = self.rung.lock().await.remove(question);
        if let (Some(number), Some(desktop)) = (number, self.desktop().await) {
            // One that was dismissed is gone already.
            let _ = desktop.close_notification(number).await;
        }
    }

    async fn desktop(&self) -> Option<&NotificationsProxy<'static>> {
        self.desktop.get_or_init(|| self.connect()).await.as_ref()
    }

    async fn connect(&self) -> Option<NotificationsProxy<'static>> {
        let connected = async {
            let desktop = NotificationsProxy::new(&Connection::session().await?).await?;
            let clicks = desktop.receive_action_invoked().await?;
            zbus::Result::Ok((desktop, clicks))
        };
        match connected.await {
            Ok((desktop, clicks)) => {
                tauri::async_runtime::spawn(open_when_clicked(self.app.clone(), clicks));
                Some(desktop)
            }
            Err(error) => {
                tracing::info!(%error, "no session bus to show notifications on");
                None
            }
        }
    }
}

/// The only action that our notifications have; other programs' are not delivered to us.
async fn open_when_clicked(app: AppHandle, mut clicks: ActionInvokedStream) {
    while clicks.next().await.is_some() {
        tray::open_approvals(&app);
    }
}

/// A body may hold markup, a name no more than letters.
fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(super::markup("a<b> & c"), "a&lt;b&gt; &amp; c");
    }
}
