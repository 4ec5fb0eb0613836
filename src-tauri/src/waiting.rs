//! Questions that wait for a person, told outside the window: one notification each, and how many there are in the tray. What a call's
//! arguments are is never told: what may be shown where others look is not known here, and the rule's own words may quote them.

use crate::{desk::Desk, notice::Bell, tray};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use tauri::AppHandle;

/// So many questions are remembered as told.
const TOLD: usize = 4096;

/// A question as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub id: String,
    agent: String,
    /// `policy/rule`.
    rule: String,
    /// None where a request or a response is in question.
    tool: Option<String>,
    point: String,
    expires_at: Option<Timestamp>,
}

/// A notification's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub title: String,
    pub body: String,
}

/// What changed since the last look.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// To be told.
    pub fresh: Vec<Question>,
    /// Told, and answered or given up since.
    pub over: Vec<String>,
    pub count: usize,
}

/// What was told so far.
#[derive(Debug, Default)]
pub struct Waiting {
    told: BTreeSet<String>,
    open: BTreeSet<String>,
}

impl Waiting {
    /// `in_view`: a person has the window before them. Every screen of it counts what waits, so that nothing more is told of a question
    /// that opens then, nor later.
    pub fn see(&mut self, pending: Vec<Question>, in_view: bool) -> News {
        let now: BTreeSet<String> = pending.iter().map(|question| question.id.clone()).collect();
        let over = self.open.difference(&now).cloned().collect();
        let count = pending.len();
        let new: Vec<Question> = pending.into_iter().filter(|question| self.told.insert(question.id.clone())).collect();
        while self.told.len() > TOLD {
            // Ids grow with time.
            self.told.pop_first();
        }
        self.open = now;
        News { fresh: if in_view { Vec::new() } else { new }, over, count }
    }
}

impl Question {
    /// Of an entry of `list_escalations`.
    fn read(entry: &Value) -> Option<Question> {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        Some(Question {
            id: text("id")?,
            agent: text("agent")?,
            rule: format!("{}/{}", text("policy")?, text("rule")?),
            tool: text("tool"),
            point: text("point")?,
            expires_at: entry["expires_at"].as_str().and_then(|at| at.parse().ok()),
        })
    }

    pub fn notice(&self, now: Timestamp) -> Notice {
        let agent = &self.agent;
        let title = match (&self.tool, self.point.as_str()) {
            (Some(tool), _) => format!("{agent}: may {tool} run?"),
            (None, "model.response") => format!("{agent}: may this answer go out?"),
            (None, _) => format!("{agent}: may this model call go out?"),
        };
        let left = self.expires_at.map(|at| format!(" · {}", left(now, at))).unwrap_or_default();
        Notice { title, body: format!("Rule {}{left}", self.rule) }
    }
}

fn left(now: Timestamp, at: Timestamp) -> String {
    match at.as_second().saturating_sub(now.as_second()) {
        ..=0 => "its time is over".to_owned(),
        seconds @ ..=99 => format!("{seconds} s to answer"),
        seconds @ ..=5_999 => format!("{} min to answer", seconds / 60),
        seconds => format!("{} h to answer", seconds / 3_600),
    }
}

/// Tells for as long as the program runs.
pub async fn watch(desk: Arc<Desk>, app: AppHandle) {
    let bell = Bell::new(app.clone());
    let mut waiting = Waiting::default();
    // As the tray is built.
    let mut counted = 0;
    loop {
        match desk.call("list_escalations", json!({ "state": "pending" })).await {
            Ok(page) => {
                let entries = page["escalations"].as_array().into_iter().flatten();
                let news = waiting.see(entries.filter_map(Question::read).collect(), tray::in_view(&app));
                if news.count != counted {
                    tray::count(&app, news.count);
                    counted = news.count;
                }
                for id in news.over {
                    bell.withdraw(&id).await;
                }
                for question in news.fresh {
                    bell.ring(&question.id, &question.notice(Timestamp::now())).await;
                }
            }
            // Nothing is known of what waits, so that nothing is claimed.
            Err(error) => tracing::debug!(%error, "what waits is not known"),
        }
        desk.questions_changed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(id: &str) -> Question {
        let entry = json!({"id": id, "agent": "claude-code", "policy": "ask", "rule": "ask-deletes", "tool": "delete_file",
            "point": "tool.call", "expires_at": "2026-11-25T10:09:30Z", "arguments": "{\"path\": \"/secret\"}",
            "question": "Delete /secret?", "values": {"call.args.path": "/secret"}});
        Question::read(&entry).unwrap()
    }

    fn ids(questions: &[Question]) -> Vec<&str> {
        questions.iter().map(|question| question.id.as_str()).collect()
    }

    #[test]
    fn each_question_is_told_once() {
        let mut waiting = Waiting::default();
        let news = waiting.see(vec![question("esc_1"), question("esc_2")], false);
        assert_eq!((ids(&news.fresh), news.count), (vec!["esc_1", "esc_2"], 2));
        let news = waiting.see(vec![question("esc_2"), question("esc_3")], false);
        assert_eq!((ids(&news.fresh), news.over, news.count), (vec!["esc_3"], vec!["esc_1".to_owned()], 2));
        let news = waiting.see(vec![question("esc_1"), question("esc_2"), question("esc_3")], false);
        assert!(news.fresh.is_empty(), "a retry that asks it again is the same question");
    }

    #[test]
    fn what_a_person_had_in_view_is_counted_and_not_told() {
        let mut waiting = Waiting::default();
        let news = waiting.see(vec![question("esc_1")], true);
        assert_eq!((news.fresh.len(), news.count), (0, 1));
        assert!(waiting.see(vec![question("esc_1")], false).fresh.is_empty(), "nor once they have turned away");
    }

    #[test]
    fn a_notice_says_who_asks_by_which_rule_and_how_long_and_no_argument() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let notice = question("esc_1").notice(at("2026-11-25T10:00:00Z"));
        assert_eq!(notice.title, "claude-code: may delete_file run?");
        assert_eq!(notice.body, "Rule ask/ask-deletes · 9 min to answer");
        let late = question("esc_1").notice(at("2026-11-25T10:09:00Z"));
        assert_eq!(late.body, "Rule ask/ask-deletes · 30 s to answer");
        let request = Question { tool: None, point: "model.request".into(), ..question("esc_1") };
        assert_eq!(request.notice(at("2026-11-25T10:00:00Z")).title, "claude-code: may this model call go out?");
    }
}
