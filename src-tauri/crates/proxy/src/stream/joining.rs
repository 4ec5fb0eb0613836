//! Pieces of one chunk that leave together.

use bytes::Bytes;
use smallvec::SmallVec;

/// Pieces that lie side by side in `whole` leave as one: a burst costs one write, and no frame is ever torn by it.
pub(super) fn join(pieces: &mut SmallVec<[Bytes; 4]>, whole: &Bytes) {
    let place = |piece: &Bytes| {
        let start = (piece.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
        (start + piece.len() <= whole.len()).then_some(start..start + piece.len())
    };
    pieces.dedup_by(|later, earlier| match (place(earlier), place(later)) {
        (Some(one), Some(other)) if one.end == other.start => {
            *earlier = whole.slice(one.start..other.end);
            true
        }
        _ => false,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_leave_as_one_and_others_stay_apart() {
        let whole = Bytes::from_static(b"onetwothreefour");
        let other = Bytes::from_static(b"else");
        let mut pieces =
            SmallVec::from_iter([whole.slice(..3), whole.slice(3..6), other, whole.slice(6..11), whole.slice(12..)]);
        join(&mut pieces, &whole);
        let left: Vec<&[u8]> = pieces.iter().map(|piece| &piece[..]).collect();
        assert_eq!(left, [&b"onetwo"[..], b"else", b"three", b"our"]);
    }
}
