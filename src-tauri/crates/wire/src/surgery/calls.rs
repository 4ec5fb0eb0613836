//! The tool calls of one response, and what became of each. Indices run over the whole response, dropped calls and every
//! follow-up included, so that an index names one call for good.

use crate::facts::made_id;
use domain::ToolCall;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Its name is not known yet: held like one that may match.
    Nameless,
    /// Held until it is judged.
    Held,
    /// Never held, or judged and kept.
    Kept,
    Dropped,
    /// The stream broke before it was complete: it was never judged, so it never leaves.
    Cut,
}

#[derive(Debug)]
struct Entry {
    call: ToolCall,
    fate: Fate,
    complete: bool,
    told: bool,
    /// The choice or candidate that it belongs to; calls are numbered within one.
    group: u32,
    /// Other arguments that it leaves with, and whether a frame has carried them.
    edit: Option<(String, bool)>,
}

/// The calls seen so far, in the order in which they began.
pub(super) struct Calls {
    entries: Vec<Entry>,
    dropped: Vec<ToolCall>,
    /// Where the calls of the response now being read begin; earlier ones belong to the responses that it continues.
    leg: usize,
    position: u32,
    holds: Box<dyn Fn(&str) -> bool + Send>,
}

impl Calls {
    pub fn new(holds: Box<dyn Fn(&str) -> bool + Send>) -> Self {
        Calls { entries: Vec::new(), dropped: Vec::new(), leg: 0, position: 0, holds }
    }

    /// Where the answer will stand in the next request: calls without an id are named by it.
    pub fn at(&mut self, position: u32) {
        self.position = position;
    }

    /// A call begins; `id` and `name` may still be empty.
    pub fn open(&mut self, group: u32, id: &str, name: &str) -> u32 {
        let index = self.entries.len() as u32;
        let call = ToolCall { id: id.into(), name: String::new(), arguments: String::new(), index };
        self.entries.push(Entry { call, fate: Fate::Nameless, complete: false, told: false, group, edit: None });
        self.grow(index, "", name, "");
        index
    }

    /// More of a call: arguments are appended; id and name count once, since some providers repeat them.
    pub fn grow(&mut self, index: u32, id: &str, name: &str, arguments: &str) {
        let Some(entry) = self.entries.get_mut(index as usize) else { return };
        if entry.call.id.is_empty() {
            entry.call.id.push_str(id);
        }
        entry.call.arguments.push_str(arguments);
        if !name.is_empty() && entry.call.name.is_empty() {
            entry.call.name.push_str(name);
            if matches!(entry.fate, Fate::Nameless) {
                entry.fate = if (self.holds)(name) { Fate::Held } else { Fate::Kept };
            }
        }
    }

    /// The dialect repeats the arguments whole when they are done.
    pub fn set_arguments(&mut self, index: u32, arguments: &str) {
        if let Some(entry) = self.entries.get_mut(index as usize) {
            arguments.clone_into(&mut entry.call.arguments);
        }
    }

    pub fn arguments(&self, index: u32) -> &str {
        self.entries.get(index as usize).map_or("", |entry| &entry.call.arguments)
    }

    pub fn complete(&mut self, index: u32) {
        if let Some(entry) = self.entries.get_mut(index as usize) {
            entry.complete = true;
            if entry.call.id.is_empty() {
                entry.call.id = made_id(self.position, index);
            }
            if entry.call.arguments.trim().is_empty() {
                entry.call.arguments = String::from("{}");
            }
            if matches!(entry.fate, Fate::Nameless) {
                entry.fate = if (self.holds)("") { Fate::Held } else { Fate::Kept };
            }
        }
    }

    /// Completes what is open of one group, or of all.
    pub fn complete_all(&mut self, group: Option<u32>) {
        for index in self.leg..self.entries.len() {
            let entry = &self.entries[index];
            if !entry.complete && group.is_none_or(|group| group == entry.group) {
                self.complete(index as u32);
            }
        }
    }

    /// The stream broke: what is incomplete and not let through yet will never be. True: there was such a call.
    pub fn cut_open(&mut self) -> bool {
        let mut any = false;
        for entry in &mut self.entries {
            if !entry.complete && matches!(entry.fate, Fate::Held | Fate::Nameless) {
                entry.fate = Fate::Cut;
                any = true;
            }
        }
        any
    }

    pub fn is_cut(&self, index: u32) -> bool {
        self.entries.get(index as usize).is_some_and(|entry| entry.fate == Fate::Cut)
    }

    /// Complete and held, each told once.
    pub fn take_ready(&mut self) -> Vec<ToolCall> {
        let ready = self.entries.iter_mut().filter(|entry| entry.complete && !entry.told && entry.fate == Fate::Held);
        ready
            .map(|entry| {
                entry.told = true;
                entry.call.clone()
            })
            .collect()
    }

    /// Judges a held call; false: there is none of that index.
    pub fn judge(&mut self, index: u32, keep: bool) -> bool {
        let Some(entry) = self.entries.get_mut(index as usize) else { return false };
        if !matches!(entry.fate, Fate::Held | Fate::Nameless) {
            return false;
        }
        entry.fate = if keep { Fate::Kept } else { Fate::Dropped };
        if !keep {
            self.dropped.push(entry.call.clone());
        }
        true
    }

    /// Lets a held call through with other arguments.
    pub fn edit(&mut self, index: u32, arguments: &str) {
        if self.judge(index, true)
            && let Some(entry) = self.entries.get_mut(index as usize)
        {
            entry.edit = Some((arguments.to_owned(), false));
        }
    }

    pub fn any_edited(&self) -> bool {
        self.entries.iter().any(|entry| entry.edit.is_some())
    }

    /// The arguments that a call leaves with, where they are not its own.
    pub fn edited(&self, index: u32) -> Option<&str> {
        self.entries.get(index as usize)?.edit.as_ref().map(|(arguments, _)| arguments.as_str())
    }

    pub fn edited_by_id(&self, id: &str) -> Option<&str> {
        let mine = |entry: &&Entry| entry.edit.is_some() && entry.call.id == id;
        self.entries.iter().find(mine)?.edit.as_ref().map(|(arguments, _)| arguments.as_str())
    }

    /// The next piece of an edited call's arguments: all of them, then nothing more.
    pub fn give(&mut self, index: u32) -> Option<String> {
        let (arguments, given) = self.entries.get_mut(index as usize)?.edit.as_mut()?;
        Some(if std::mem::replace(given, true) { String::new() } else { arguments.clone() })
    }

    pub fn is_waiting(&self, index: u32) -> bool {
        self.entries.get(index as usize).is_some_and(|entry| matches!(entry.fate, Fate::Held | Fate::Nameless))
    }

    pub fn is_gone(&self, index: u32) -> bool {
        self.entries.get(index as usize).is_some_and(|entry| matches!(entry.fate, Fate::Dropped | Fate::Cut))
    }

    pub fn id(&self, index: u32) -> &str {
        self.entries.get(index as usize).map_or("", |entry| &entry.call.id)
    }

    /// The indices of the calls of the response now being read that were taken out.
    pub fn gone(&self) -> impl Iterator<Item = u32> {
        (self.leg..self.entries.len()).map(|index| index as u32).filter(|index| self.is_gone(*index))
    }

    /// By how much a call's number sinks: the calls before it in its own group and response that were taken out.
    pub fn sinks(&self, index: u32) -> u32 {
        let Some(entry) = self.entries.get(index as usize) else { return 0 };
        let before = self.leg..index as usize;
        before.filter(|other| self.entries[*other].group == entry.group && self.is_gone(*other as u32)).count() as u32
    }

    /// Something of this response was taken out, and no call of `group` (or of any) is left.
    pub fn none_left(&self, group: Option<u32>) -> bool {
        let mut mine =
            self.entries[self.leg..].iter().filter(|entry| group.is_none_or(|group| group == entry.group)).peekable();
        mine.peek().is_some() && mine.all(|entry| entry.fate == Fate::Dropped)
    }

    /// Calls that the agent has got or may get, of all responses.
    pub fn left(&self) -> u32 {
        self.entries.iter().filter(|entry| !matches!(entry.fate, Fate::Dropped | Fate::Cut)).count() as u32
    }

    pub fn dropped(&self) -> &[ToolCall] {
        &self.dropped
    }

    /// The next response begins.
    pub fn next_leg(&mut self) {
        self.leg = self.entries.len();
    }
}
