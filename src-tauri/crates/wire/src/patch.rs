//! Edits to one JSON document, collected and made at once: every byte that no edit names stays as it was. Owns where commas go; it
//! must not know any dialect.

use crate::json::{self, Span, Splice};
use bytes::Bytes;

/// The edits to one document.
#[derive(Debug)]
pub(crate) struct Patch<'a> {
    doc: &'a Bytes,
    root: Span,
    splices: Vec<Splice>,
}

impl<'a> Patch<'a> {
    /// `None`: not one JSON value.
    pub fn new(doc: &'a Bytes) -> Option<Self> {
        let root = json::root(doc)?;
        Some(Patch { doc, root, splices: Vec::new() })
    }

    pub fn root(&self) -> Span {
        self.root.clone()
    }

    pub fn doc(&self) -> &'a Bytes {
        self.doc
    }

    /// The value at a path below the root.
    pub fn find(&self, path: &[&str]) -> Option<Span> {
        json::find(self.doc, self.root(), path)
    }

    /// Like `find`, but a `null` counts as absent.
    pub fn present(&self, path: &[&str]) -> Option<Span> {
        self.find(path).filter(|span| !json::is_null(self.doc, span))
    }

    /// The value's bytes, shared with the document.
    pub fn bytes(&self, span: Span) -> Bytes {
        self.doc.slice(span)
    }

    /// Puts other JSON in a value's place, unless it already says exactly that.
    pub fn set(&mut self, span: Span, with: impl Into<Bytes>) {
        let with = with.into();
        if self.doc[span.clone()] != with[..] {
            self.splices.push(Splice { at: span, with });
        }
    }

    /// Sets the member at a path where it exists.
    pub fn set_found(&mut self, path: &[&str], with: impl Into<Bytes>) {
        if let Some(span) = self.find(path) {
            self.set(span, with);
        }
    }

    /// Sets an object's member, adding it at the end where it is missing.
    pub fn put(&mut self, object: Span, key: &str, with: impl Into<Bytes>) {
        match json::member(self.doc, object.clone(), key) {
            Some(span) => self.set(span, with),
            None => {
                let Some(members) = json::members(self.doc, object.clone()) else { return };
                let at = members.last().map_or(object.start + 1, |last| last.value.end);
                let first = members.is_empty() && !self.splices.iter().any(|splice| splice.at == (at..at));
                let mut text = Vec::from(if first { &b""[..] } else { b"," });
                text.extend_from_slice(json::quote(key).as_bytes());
                text.push(b':');
                text.extend_from_slice(&with.into());
                self.splices.push(Splice { at: at..at, with: text.into() });
            }
        }
    }

    /// Puts text at the start of a string's contents.
    pub fn prepend_text(&mut self, string: Span, text: &str) {
        let quoted = json::quote(text);
        let at = string.start + 1;
        self.splices.push(Splice { at: at..at, with: Bytes::copy_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]) });
    }

    /// Takes members out, each with one comma.
    pub fn remove(&mut self, object: Span, keys: &[&str]) {
        let Some(members) = json::members(self.doc, object) else { return };
        let items: Vec<Span> = members.iter().map(|member| member.key.start - 1..member.value.end).collect();
        let gone: Vec<bool> =
            members.iter().map(|member| keys.iter().any(|key| json::is_key(self.doc, &member.key, key))).collect();
        self.take_out(&items, &gone);
    }

    /// Takes the elements out for which `gone` says so (by place), each with one comma.
    pub fn remove_elements(&mut self, array: Span, gone: impl Fn(usize) -> bool) {
        let Some(items) = json::elements(self.doc, array) else { return };
        let gone: Vec<bool> = (0..items.len()).map(gone).collect();
        self.take_out(&items, &gone);
    }

    /// Puts elements before an array's own. `stays`: whether any own element will be left.
    pub fn insert_front(&mut self, array: Span, elements: &[Bytes], stays: bool) {
        if elements.is_empty() {
            return;
        }
        let mut with = elements.join(&b","[..]);
        if stays {
            with.push(b',');
        }
        let at = array.start + 1;
        self.splices.push(Splice { at: at..at, with: with.into() });
    }

    /// Puts elements after an array's own. `stays`: whether anything will stand before them.
    pub fn insert_back(&mut self, array: Span, elements: &[Bytes], stays: bool) {
        if elements.is_empty() {
            return;
        }
        let mut with = Vec::from(if stays { &b","[..] } else { b"" });
        with.extend_from_slice(&elements.join(&b","[..]));
        let last = json::elements(self.doc, array.clone()).and_then(|all| all.last().map(|span| span.end));
        let at = last.unwrap_or(array.start + 1);
        self.splices.push(Splice { at: at..at, with: with.into() });
    }

    pub fn is_empty(&self) -> bool {
        self.splices.is_empty()
    }

    /// The document with the edits made.
    pub fn finish(self) -> Bytes {
        json::splice(self.doc, self.splices)
    }

    /// Removes runs of items so that exactly one comma stands between those that stay.
    fn take_out(&mut self, items: &[Span], gone: &[bool]) {
        let mut kept: Option<usize> = None;
        let mut place = 0;
        while place < items.len() {
            if !gone[place] {
                kept = Some(place);
                place += 1;
                continue;
            }
            let first = place;
            while place < items.len() && gone[place] {
                place += 1;
            }
            let at = match kept {
                Some(before) => items[before].end..items[place - 1].end,
                None => items[first].start..items.get(place).map_or(items[place - 1].end, |after| after.start),
            };
            self.splices.push(Splice { at, with: Bytes::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, with: impl FnOnce(&mut Patch)) -> String {
        let doc = Bytes::copy_from_slice(text.as_bytes());
        let mut patch = Patch::new(&doc).unwrap();
        with(&mut patch);
        String::from_utf8(patch.finish().to_vec()).unwrap()
    }

    #[test]
    fn removed_members_leave_one_comma_between_the_others() {
        let doc = r#"{ "a": 1, "b" :2,"c":3 , "d":4 }"#;
        assert_eq!(edit(doc, |p| p.remove(p.root(), &["a"])), r#"{ "b" :2,"c":3 , "d":4 }"#);
        assert_eq!(edit(doc, |p| p.remove(p.root(), &["b", "c"])), r#"{ "a": 1 , "d":4 }"#);
        assert_eq!(edit(doc, |p| p.remove(p.root(), &["a", "d"])), r#"{ "b" :2,"c":3 }"#);
        assert_eq!(edit(doc, |p| p.remove(p.root(), &["a", "b", "c", "d"])), r#"{  }"#);
    }

    #[test]
    fn elements_are_inserted_before_and_after_whatever_stays() {
        let two = [Bytes::from_static(b"8"), Bytes::from_static(b"9")];
        assert_eq!(edit("[1, 2]", |p| p.insert_front(p.root(), &two, true)), "[8,9,1, 2]");
        assert_eq!(edit("[1, 2 ]", |p| p.insert_back(p.root(), &two, true)), "[1, 2,8,9 ]");
        assert_eq!(edit("[]", |p| p.insert_back(p.root(), &two, false)), "[8,9]");
        let swapped = edit("[1,2]", |p| {
            p.remove_elements(p.root(), |_| true);
            p.insert_front(p.root(), &two, false);
        });
        assert_eq!(swapped, "[8,9]");
    }

    #[test]
    fn a_missing_member_is_added_and_a_present_one_replaced() {
        assert_eq!(edit("{}", |p| p.put(p.root(), "k", "1")), r#"{"k":1}"#);
        let two = edit("{}", |p| {
            p.put(p.root(), "k", "1");
            p.put(p.root(), "l", "2");
        });
        assert_eq!(two, r#"{"k":1,"l":2}"#);
        assert_eq!(edit(r#"{"a":{} }"#, |p| p.put(p.root(), "k", "1")), r#"{"a":{},"k":1 }"#);
        assert_eq!(edit(r#"{"k": 0}"#, |p| p.put(p.root(), "k", "1")), r#"{"k": 1}"#);
    }
}
