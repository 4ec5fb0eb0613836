//! Tables aligned by what a terminal shows: wide and combining characters count as they are drawn.

use super::{Tone, plain, tint};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    /// As `Left`, but cut to what the line leaves; one column at most.
    Fill,
}

/// Rows under a faint head, two spaces between columns.
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<(String, Tone)>>,
    width: usize,
}

impl Table {
    pub fn new(columns: &[(&'static str, Align)]) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new(), width: terminal_width() }
    }

    pub fn row(&mut self, cells: Vec<(String, Tone)>) {
        self.rows.push(cells.into_iter().map(|(text, tone)| (plain(&text), tone)).collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn render(&self) -> String {
        let widths = self.widths();
        let mut text = String::new();
        let head: Vec<_> = self.columns.iter().map(|(name, _)| ((*name).to_owned(), Tone::Faint)).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let cells = row.iter().zip(&self.columns).zip(&widths);
            let line: Vec<String> =
                cells.map(|(((cell, tone), (_, align)), width)| fit(cell, *tone, *align, *width)).collect();
            text.push_str(line.join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let widest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|(cell, _)| cell.width());
            cells.chain([self.columns[column].0.width()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(widest).collect();
        let over = (widths.iter().sum::<usize>() + 2 * (widths.len() - 1)).saturating_sub(self.width);
        if let Some(fill) = self.columns.iter().position(|(_, align)| *align == Align::Fill) {
            widths[fill] = widths[fill].saturating_sub(over).max(12);
        }
        widths
    }
}

fn fit(cell: &str, tone: Tone, align: Align, width: usize) -> String {
    let cell = cut(cell, width);
    let space = " ".repeat(width.saturating_sub(cell.width()));
    let text = tint(&cell, tone);
    if align == Align::Right { format!("{space}{text}") } else { format!("{text}{space}") }
}

/// At most `width` columns, with `…` where something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// `COLUMNS`, else what most terminals have; a pipe gets whole lines.
fn terminal_width() -> usize {
    use std::io::IsTerminal;
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    match (told, std::io::stdout().is_terminal()) {
        (Some(columns), _) => columns,
        (None, true) => 120,
        (None, false) => 4096,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_whatever_is_in_them() {
        let mut table = Table::new(&[("name", Align::Fill), ("n", Align::Right)]);
        table.width = 20;
        table.row(vec![("日本語".into(), Tone::Plain), ("1".into(), Tone::Plain)]);
        table.row(vec![("a rather long name that goes on".into(), Tone::Plain), ("1,000".into(), Tone::Plain)]);
        let text = table.render();
        let widths: Vec<_> = text.lines().map(UnicodeWidthStr::width).collect();
        assert!(widths.iter().all(|width| *width == 20), "{text}");
        assert!(text.contains("a rather lon…"), "{text}");
    }
}
