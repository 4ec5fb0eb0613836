//! The nearest known name, for "did you mean".

/// The known name that `given` was probably meant to be: at most a third of its letters differ.
pub(crate) fn nearest<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let given_low = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (distance(&given_low, &name.to_lowercase()), name))
        .filter(|(far, name)| *far * 3 <= name.chars().count().max(given.chars().count()).max(3))
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// "did you mean `x`?"
pub(crate) fn did_you_mean<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    nearest(given, known).map(|name| format!("did you mean `{name}`?"))
}

/// Edits (insert, delete, replace, swap of neighbours) between two words, each cut to 64 letters.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(l != r)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_a_stranger_finds_none() {
        let known = ["max_tool_errors", "agents", "name", "rule"];
        assert_eq!(nearest("max_tool_error", known), Some("max_tool_errors"));
        assert_eq!(nearest("agnets", known), Some("agents"));
        assert_eq!(nearest("Rules", known), Some("rule"));
        assert_eq!(nearest("zebra_stripes", known), None);
    }
}
