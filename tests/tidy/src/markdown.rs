//! Reading tables out of Markdown.

/// One row of a table, without its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Line of the file, counted from 1.
    pub line: usize,
    /// Cells, trimmed.
    pub cells: Vec<String>,
}

impl Row {
    /// The words in backticks of one cell; none when the row has no such cell.
    pub fn words(&self, cell: usize) -> Vec<String> {
        self.cells.get(cell).map(|text| code_words(text)).unwrap_or_default()
    }
}

/// The rows of the first table under the heading whose text is `heading` (any level); empty when there is none.
pub fn table_under(text: &str, heading: &str) -> Vec<Row> {
    let is_heading = |line: &str| line.starts_with('#') && line.trim_start_matches('#').trim() == heading;
    text.lines()
        .enumerate()
        .skip_while(|(_, line)| !is_heading(line))
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('#'))
        .skip_while(|(_, line)| !line.starts_with('|'))
        .take_while(|(_, line)| line.starts_with('|'))
        .skip(2) // the header and the line of dashes
        .map(|(index, line)| Row { line: index + 1, cells: cells(line) })
        .collect()
}

fn cells(line: &str) -> Vec<String> {
    line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The pieces of a text that stand between backticks.
pub fn code_words(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// All code of a document with its lines: the lines of fenced blocks, and the pieces between backticks.
pub fn code_pieces(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut pieces = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            pieces.push((index + 1, line.to_owned()));
        } else {
            pieces.extend(code_words(line).into_iter().map(|word| (index + 1, word)));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_heading_and_gives_lines_and_cells() {
        let text =
            "# A\n| x |\n|---|\n| no |\n## B\nwords\n\n| a | b |\n|---|---|\n| `p` | `q`, `r` |\n\nafter\n";
        let rows = table_under(text, "B");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].line, 10);
        assert_eq!(rows[0].words(0), ["p"]);
        assert_eq!(rows[0].words(1), ["q", "r"]);
        assert!(rows[0].words(2).is_empty());
    }

    #[test]
    fn a_table_under_the_next_heading_is_not_taken() {
        assert!(table_under("# A\nwords\n# B\n| x |\n|---|\n| y |\n", "A").is_empty());
    }

    #[test]
    fn code_is_what_stands_in_fences_and_backticks() {
        let text = "a `b` c\n```sh\nd `e`\n```\nf `g h`\n";
        let pieces = [(1, "b"), (3, "d `e`"), (5, "g h")].map(|(line, code)| (line, code.to_owned()));
        assert_eq!(code_pieces(text), pieces);
    }
}
