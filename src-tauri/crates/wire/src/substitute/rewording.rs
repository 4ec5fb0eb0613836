//! How texts leave: matches of shapes as was decided, and between them words in others' place.

use super::{Decided, Shapes, Spot, Substitutions, spots::Found};
use std::ops::Range;

/// As much of a text as may go.
pub(super) struct Cut {
    pub said: String,
    pub before: String,
    pub begun: String,
}

/// How an answer's text leaves: matches of the shapes as was decided, and between them words in others' place.
#[derive(Debug, Clone, Default)]
pub(super) struct Rewording {
    pub words: Substitutions,
    pub shapes: Shapes,
    pub decided: Decided,
}

impl Rewording {
    pub fn words(words: &Substitutions) -> Rewording {
        Rewording { words: words.clone(), ..Rewording::default() }
    }

    /// Fails with the matches that nothing was decided about.
    pub fn known(&self, found: &Found) -> Result<(), Vec<Spot>> {
        let spots = found.spots.iter().map(|(_, spot)| spot);
        let unknown: Vec<Spot> = spots.filter(|spot| !self.decided.contains_key(&spot.value)).cloned().collect();
        if unknown.is_empty() { Ok(()) } else { Err(unknown) }
    }

    /// What a stretch of the text leaves as.
    pub fn said(&self, text: &str, range: Range<usize>, found: &Found) -> String {
        let plain = |range: Range<usize>| self.words.apply(&text[range.clone()]).unwrap_or(text[range].to_owned());
        let mut out = String::new();
        let mut at = range.start;
        for (spot, Spot { value, .. }) in found.spots.iter().filter(|(spot, _)| spot.end <= range.end) {
            if let Some(Some(instead)) = self.decided.get(value) {
                out += &plain(at..spot.start);
                out += instead;
                at = spot.end;
            }
        }
        out + &plain(at..range.end)
    }

    /// What a whole text leaves as; none: as it is.
    pub fn whole(&self, text: &str) -> Result<Option<String>, Vec<Spot>> {
        if self.shapes.is_empty() {
            return Ok(self.words.apply(text));
        }
        let mut found = self.shapes.find(text, 0, true);
        found.leave_out(text, &self.words);
        self.known(&found)?;
        let said = self.said(text, 0..text.len(), &found);
        Ok((said != text).then_some(said))
    }

    /// As much of a block's text as may go; `before` is what its matches can read of what went.
    pub fn cut(&self, before: &str, begun: &str, last: bool) -> Result<Cut, Vec<Spot>> {
        let text = format!("{before}{begun}");
        let from = before.len();
        let mut found = match self.shapes.is_empty() {
            true => Found::nothing(text.len()),
            false => self.shapes.find(&text, from, last),
        };
        // What could still become a word is no match before that is known.
        let begun = if last { 0 } else { self.words.begun(&text[from..]) };
        let settled = found.whole_until(found.settled.min(text.len() - begun));
        let begun = if last { 0 } else { self.words.begun(&text[from..settled]) };
        let to = found.whole_until(settled - begun);
        found.spots.retain(|(spot, _)| spot.end <= to);
        found.leave_out(&text, &self.words);
        self.known(&found)?;
        let said = self.said(&text, from..to, &found);
        let before = text[..to].chars().next_back().map(String::from).unwrap_or_default();
        Ok(Cut { said, before, begun: text[to..].to_owned() })
    }
}
