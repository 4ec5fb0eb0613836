//! The desktop's notifications. On Linux they are the session bus's own, so that one can be clicked, which opens Approvals, and is taken back
//! once its question was answered elsewhere; on other systems Tauri's plugin shows them, and a click brings the window as the system does.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(not(target_os = "linux"))]
mod plugin;

#[cfg(target_os = "linux")]
pub use bus::Bell;
#[cfg(not(target_os = "linux"))]
pub use plugin::Bell;
