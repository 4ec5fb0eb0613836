//! Notifications as Tauri's plugin shows them: nothing is heard of a click, and none is taken back.

use crate::waiting::Notice;
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

pub struct Bell {
    app: AppHandle,
}

impl Bell {
    pub fn new(app: AppHandle) -> Bell {
        Bell { app }
    }

    pub async fn ring(&self, _question: &str, notice: &Notice) {
        let shown = self.app.notification().builder().title(&notice.title).body(&notice.body).show();
        if let Err(error) = shown {
            tracing::info!(%error, "the desktop shows no notifications");
        }
    }

    pub async fn withdraw(&self, _question: &str) {}
}
