//! An inspection in words.

use std::fmt;

use super::Inspection;

/// Problems that are printed.
const SHOWN: usize = 5;

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.description)?;
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(f, "rows        {} ({})", self.rows, kinds.join(", "))?;
        writeln!(f, "characters  {}", self.characters)?;
        if self.tokens.count() > 0 {
            writeln!(f, "tokens      {} ({} rows counted)", self.tokens, self.tokens.count())?;
        }
        self.write_images(f)?;
        writeln!(f, "fields")?;
        for (name, field) in &self.fields {
            let name: String = name.chars().flat_map(char::escape_debug).collect();
            let types = field.types.join(" or ");
            let share = 100.0 * field.filled as f64 / self.rows.max(1) as f64;
            writeln!(f, "  {name:24} {types:16} {share:5.1} % of rows")?;
        }
        if self.repeated_ids > 0 {
            writeln!(f, "warning     {} rows have a name that another row has", self.repeated_ids)?;
        }
        if self.tied_pairs > 0 {
            writeln!(f, "warning     {} pairs have two equal answers", self.tied_pairs)?;
        }
        self.write_problems(f)
    }
}

impl Inspection {
    fn write_problems(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut problems = Vec::new();
        if !self.image_problems.is_empty() {
            let (bad, good) = (self.image_problems.len() as u64, self.widths.count());
            problems.push(format!("{bad} of {} pictures cannot be used", bad + good));
        }
        if self.clips > 0 {
            let instead = "write their frames as pictures, with ffmpeg for example, and list those";
            problems
                .push(format!("{} rows name video files, which cannot be read yet: {instead}", self.clips));
        }
        if self.bad.count() > 0 || problems.is_empty() {
            problems.push(self.bad.to_string());
        }
        write!(f, "problems    {}", problems.join("\nproblems    "))
    }

    fn write_images(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.images_per_row.largest().unwrap_or(0) == 0 {
            return writeln!(f, "images      none");
        }
        writeln!(f, "images      a row has {}", self.images_per_row)?;
        if self.widths.count() > 0 {
            writeln!(f, "  width     {} ({} decoded)", self.widths, self.widths.count())?;
            writeln!(f, "  height    {}", self.heights)?;
        }
        for problem in self.image_problems.iter().take(SHOWN) {
            writeln!(f, "    {problem}")?;
        }
        Ok(())
    }
}
