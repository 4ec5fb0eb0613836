//! Earlier rewrites of a context, found again in the agent's next request.

use crate::session::SessionEdit;
use domain::{ContextEdit, Hash};

/// The edits that lie on this request's path, placed at its own positions, in order; and those that no longer do.
#[derive(Default)]
pub(crate) struct Placed {
    pub edits: Vec<ContextEdit>,
    pub lost: Vec<ContextEdit>,
}

/// `chains` holds the prefix hash after each of the agent's messages. `main_line` is false for side calls and branches, where an absent
/// edit is no loss.
pub(crate) fn place(edits: &mut [SessionEdit], chains: &[Hash], main_line: bool) -> Placed {
    let mut placed = Placed::default();
    for known in edits.iter_mut() {
        match position(&known.edit, chains) {
            Some((at, replaces)) => {
                known.applied |= main_line;
                placed.edits.push(ContextEdit { at, replaces, ..known.edit.clone() });
            }
            None if main_line && known.applied && !known.lost => {
                known.lost = true;
                placed.lost.push(known.edit.clone());
            }
            None => {}
        }
    }
    drop_covered(&mut placed.edits);
    // Later edges may lie before earlier ones only in a branch; order by place keeps the bytes the same either way.
    placed.edits.sort_by_key(|edit| edit.at);
    placed
}

/// Bytes that edits on this request's path add to it, of which each message has so many.
pub(crate) fn grown(edits: &[SessionEdit], chains: &[Hash], bytes: &[usize]) -> isize {
    let placed = edits.iter().filter_map(|known| {
        let (at, replaces) = position(&known.edit, chains)?;
        Some(ContextEdit { at, replaces, ..known.edit.clone() })
    });
    let mut placed: Vec<ContextEdit> = placed.collect();
    drop_covered(&mut placed);
    let of = |edit: &ContextEdit| {
        let (to, replaces) = (edit.at as usize, edit.replaces as usize);
        let gone: usize = bytes.get(to.saturating_sub(replaces)..to).unwrap_or_default().iter().sum();
        edit.messages.iter().map(|message| message.len()).sum::<usize>() as isize - gone as isize
    };
    placed.iter().map(of).sum()
}

/// What lies within a newer edit's range is gone with it: the newer one was made of what the agent said there.
fn drop_covered(edits: &mut Vec<ContextEdit>) {
    let range = |edit: &ContextEdit| (edit.at - edit.replaces.min(edit.at), edit.at);
    let newer: Vec<(u32, u32)> = edits.iter().map(range).collect();
    let mut place = 0;
    edits.retain(|edit| {
        let (start, end) = range(edit);
        place += 1;
        let covers = |(from, to): &(u32, u32)| {
            let wide = to - from > 1;
            wide && *from <= start && end <= *to && (edit.replaces > 0 || (*from < start && end < *to))
        };
        !newer[place..].iter().any(covers)
    });
}

/// Messages without atoms (reasoning items) leave the chain unchanged; they belong to the answer that follows them.
fn position(edit: &ContextEdit, chains: &[Hash]) -> Option<(u32, u32)> {
    let after = |hash: Hash| {
        if hash == Hash::default() {
            Some(0)
        } else {
            chains.iter().position(|chain| *chain == hash).map(|index| index + 1)
        }
    };
    let at = after(edit.anchor)?;
    if edit.replaces == 0 {
        return Some((at as u32, 0));
    }
    let from = after(edit.from).filter(|from| *from < at)?;
    Some((at as u32, (at - from) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{InterventionId, SessionId};

    fn hash(byte: u8) -> Hash {
        Hash([byte; 16])
    }

    fn edit(from: u8, anchor: u8, replaces: u32) -> SessionEdit {
        SessionEdit::new(ContextEdit {
            session: SessionId(1),
            intervention: InterventionId(1),
            from: hash(from),
            anchor: hash(anchor),
            at: 9,
            replaces,
            messages: Vec::new(),
            results: Vec::new(),
        })
    }

    #[test]
    fn an_edge_is_found_at_the_request_s_own_position() {
        let mut edits = [edit(2, 2, 0), edit(2, 4, 1)];
        let placed = place(&mut edits, &[hash(1), hash(2), hash(2), hash(3), hash(4), hash(5)], true);
        assert_eq!(placed.edits.iter().map(|edit| (edit.at, edit.replaces)).collect::<Vec<_>>(), [(2, 0), (5, 3)]);
        assert!(placed.lost.is_empty());
    }

    #[test]
    fn what_edits_add_is_counted_once_and_where_they_still_lie() {
        let word = |edit: SessionEdit| SessionEdit::new(ContextEdit { messages: vec!["12345".into()], ..edit.edit });
        let edits = [word(edit(1, 2, 1)), word(edit(1, 3, 2)), word(edit(3, 3, 0)), word(edit(7, 8, 1))];
        assert_eq!(grown(&edits, &[hash(1), hash(2), hash(3)], &[10, 20, 30]), 5 - 50 + 5);
    }

    #[test]
    fn a_lost_edge_is_told_once_and_only_on_the_main_line() {
        let mut edits = [edit(2, 2, 0)];
        place(&mut edits, &[hash(1), hash(2)], true);
        assert!(place(&mut edits, &[hash(7)], false).lost.is_empty());
        assert_eq!(place(&mut edits, &[hash(7)], true).lost.len(), 1);
        assert!(place(&mut edits, &[hash(7)], true).lost.is_empty());
    }
}
