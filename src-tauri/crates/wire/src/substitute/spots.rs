//! Several patterns over one text: what matches, where, and how much of the text may go.

use super::{
    Substitutions,
    shape::{Any, Shape},
};
use domain::Pattern;
use std::{ops::Range, sync::Arc};

/// Patterns that are looked for together. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    shapes: Vec<(Pattern, Arc<Shape>)>,
    /// Of several, whether there is any: most texts have none, and one look says so.
    any: Option<Arc<Any>>,
}

/// A stretch of text that matches; where matches overlap, all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// In the order of the matches.
    pub patterns: Vec<Pattern>,
    pub value: String,
}

/// Where spots stand in a text.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub spots: Vec<(Range<usize>, Spot)>,
    /// Before this the text is settled; no spot stands across it.
    pub settled: usize,
    /// Matches whose check failed: they are looked at whole, too.
    failed: Vec<Range<usize>>,
}

impl Found {
    pub fn nothing(settled: usize) -> Found {
        Found { settled, ..Found::default() }
    }

    /// Takes out the spots within one of the words.
    pub fn leave_out(&mut self, text: &str, words: &Substitutions) {
        if !self.spots.is_empty() && !words.is_empty() {
            let places = words.places(text);
            self.spots.retain(|(spot, _)| !places.iter().any(|word| word.start <= spot.start && spot.end <= word.end));
        }
    }

    /// The last place up to `at` where the text can be cut without cutting a match.
    pub fn whole_until(&self, mut at: usize) -> usize {
        let matches = || self.spots.iter().map(|(range, _)| range).chain(&self.failed);
        while let Some(across) = matches().find(|range| range.start < at && at < range.end) {
            at = across.start;
        }
        at
    }
}

impl Shapes {
    pub fn of<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Shapes {
        let mut shapes: Vec<(Pattern, Arc<Shape>)> = Vec::new();
        for pattern in patterns {
            if !shapes.iter().any(|(known, _)| known == pattern)
                && let Some(shape) = Shape::of(pattern)
            {
                shapes.push((pattern.clone(), shape));
            }
        }
        let any = Any::of(shapes.iter().map(|(_, shape)| shape));
        Shapes { shapes, any }
    }

    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// Whether a text has any, whatever their checks say.
    pub fn match_in(&self, text: &str) -> bool {
        self.shapes.iter().any(|(_, shape)| shape.matches(text))
    }

    /// Every spot of a text that is whole, in order.
    pub fn spots(&self, text: &str) -> Vec<Spot> {
        self.find(text, 0, true).spots.into_iter().map(|(_, spot)| spot).collect()
    }

    /// The same without what stands within one of the words: a token is nothing to look into.
    pub fn spots_outside(&self, text: &str, words: &Substitutions) -> Vec<Spot> {
        let mut found = self.find(text, 0, true);
        found.leave_out(text, words);
        found.spots.into_iter().map(|(_, spot)| spot).collect()
    }

    /// Spots of the settled part of `text` from `from` on.
    pub(super) fn find(&self, text: &str, from: usize, last: bool) -> Found {
        if last && from == 0 && self.any.as_ref().is_some_and(|any| !any.matches(text)) {
            return Found::nothing(text.len());
        }
        let mut spots: Vec<(Range<usize>, usize)> = Vec::new();
        let mut failed: Vec<Range<usize>> = Vec::new();
        let mut settled = text.len();
        for (place, (_, shape)) in self.shapes.iter().enumerate() {
            let seen = shape.look(text, from, last);
            spots.extend(seen.matches.into_iter().map(|range| (range, place)));
            failed.extend(seen.failed);
            settled = settled.min(seen.open);
        }
        spots.sort_by_key(|(range, place)| (range.start, *place));
        let mut merged: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
        for (range, place) in spots {
            match merged.last_mut() {
                Some((known, places)) if range.start < known.end => {
                    known.end = known.end.max(range.end);
                    places.push(place);
                }
                _ => merged.push((range, vec![place])),
            }
        }
        // What stands across that place stays whole behind it.
        let matches = || merged.iter().map(|(range, _)| range).chain(&failed);
        while let Some(across) = matches().find(|range| range.start < settled && settled < range.end) {
            settled = across.start;
        }
        let spots = merged.into_iter().filter(|(range, _)| range.end <= settled).map(|(range, places)| {
            let patterns = places.into_iter().map(|place| self.shapes[place].0.clone()).collect();
            let spot = Spot { patterns, value: text[range.clone()].to_owned() };
            (range, spot)
        });
        Found { spots: spots.collect(), settled, failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(name: &str, regex: &str) -> Pattern {
        Pattern { name: name.into(), regex: regex.into(), check: None }
    }

    fn shapes() -> Shapes {
        Shapes::of(&[
            pattern("key", r"\bsk-[a-z0-9]{4,}"),
            pattern("mail", r"\b[a-z.]+@[a-z]+(?:\.[a-z]+)+\b"),
            pattern("fence", r"<<[\s\S]*?>>"),
            pattern("line", r"(?m)^#[a-z]+$"),
        ])
    }

    /// What is settled of a text that comes in pieces, spots in brackets.
    fn marked(shapes: &Shapes, pieces: &[&str]) -> String {
        let (mut text, mut from, mut out) = (String::new(), 0, String::new());
        let mut take = |piece: &str, last: bool| {
            text.push_str(piece);
            let found = shapes.find(&text, from, last);
            for (range, spot) in found.spots {
                out.push_str(&text[from..range.start]);
                out.push_str(&format!("[{}:{}]", spot.patterns[0].name, spot.value));
                from = range.end;
            }
            out.push_str(&text[from..found.settled]);
            from = found.settled;
        };
        pieces.iter().for_each(|piece| take(piece, false));
        take("", true);
        out
    }

    proptest! {
        #[test]
        fn any_cut_of_a_text_has_the_same_spots(text in "(sk-|[a-c]{1,3}|@|\\.|<|>|#|\n| |ü|sk-abcd|a@b\\.c){0,24}", cuts in proptest::collection::vec(0usize..80, 0..12)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|at| text.is_char_boundary(*at)).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let mut from = 0;
            let pieces: Vec<&str> = cuts.iter().map(|to| { let piece = &text[from..*to]; from = *to; piece }).collect();
            let shapes = shapes();
            prop_assert_eq!(marked(&shapes, &pieces), marked(&shapes, &[&text]));
        }
    }

    #[test]
    fn only_what_may_still_become_a_match_waits() {
        let shapes = Shapes::of(&[pattern("key", r"\bsk-[a-z0-9]{4,}"), pattern("fence", "BEGIN[a-z]*?END")]);
        let settled = |text: &str| shapes.find(text, 0, false).settled;
        assert_eq!(settled("plain text, "), 12);
        assert_eq!(settled("a s"), 2);
        assert_eq!(settled("a sk-ab!"), 8);
        assert_eq!(settled("a BEGIN"), 2);
        assert_eq!(settled("a BEGINabc"), 2);
        assert_eq!(settled("a BEGINabc-"), 11);
    }

    #[test]
    fn a_match_longer_than_the_longest_is_its_beginning_however_it_comes() {
        let text = format!("sk-{} and <<{}", "a".repeat(10_000), "b".repeat(10_000));
        let pieces: Vec<&str> = (0..text.len()).step_by(7).map(|at| &text[at..(at + 7).min(text.len())]).collect();
        let whole = marked(&shapes(), &[&text]);
        assert!(whole.starts_with(&format!("[key:sk-{}]", "a".repeat(domain::LONGEST_MATCH - 3))));
        assert_eq!(marked(&shapes(), &pieces), whole);
    }

    #[test]
    fn matches_that_overlap_are_one() {
        let shapes = Shapes::of(&[pattern("one", "abc"), pattern("two", "cde")]);
        assert_eq!(marked(&shapes, &["xab", "cd", "ex"]), "x[one:abcde]x");
    }

    #[test]
    fn a_hostile_text_and_a_catastrophic_pattern_take_no_long() {
        let shapes = Shapes::of(&[pattern("evil", "(a+)+b"), pattern("mail", r"\b[a-z.]+@[a-z]+\.[a-z]+\b")]);
        let text = "a".repeat(1 << 20);
        let began = std::time::Instant::now();
        assert!(shapes.spots(&text).is_empty());
        assert_eq!(shapes.find(&text, 0, false).spots.len(), 0);
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }
}
