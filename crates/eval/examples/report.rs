//! Writes the report of one or several run folders to standard output.
//!
//! `cargo run -p eval --example report -- RUN [RUN …] > report.html`

use std::io::Write;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let page = eval::report::render(&runs)?;
    std::io::stdout().write_all(page.as_bytes())?;
    Ok(())
}
