//! Files and functions stay short enough to hold one subject.

use crate::{Finding, RustFile};

/// The most lines outside tests that a file may have.
pub const FILE_MAX: usize = 700;
/// 95 of 100 files have at most this many lines outside tests.
pub const FILE_P95: usize = 450;
/// Half of the files have at most this many lines outside tests.
pub const FILE_MEDIAN: usize = 180;
/// The most lines that a function outside tests may have.
pub const FN_MAX: usize = 60;
/// Half of the functions have at most this many lines.
pub const FN_MEDIAN: usize = 9;

/// The value below which `percent` of the values lie (nearest rank); 0 for no values.
pub fn percentile(values: &mut [usize], percent: usize) -> usize {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(0)
}

/// Checks the hard limits of one file.
pub fn check_file(file: &RustFile) -> Vec<Finding> {
    let lines = file.code_lines();
    let mut findings = Vec::new();
    if lines > FILE_MAX {
        let found = format!("{lines} lines outside tests, at most {FILE_MAX} allowed");
        findings.push(Finding::in_file(&file.path, found, "split the file by subject"));
    }
    findings.extend(file.fn_sizes().into_iter().filter(|size| size.lines > FN_MAX).map(|size| {
        let found = format!("fn {} has {} lines, at most {FN_MAX} allowed", size.name, size.lines);
        Finding::at_line(&file.path, size.line, found, "give its parts names of their own")
    }));
    findings
}

/// Checks the shape of all files together.
pub fn check_all(files: &[RustFile]) -> Vec<Finding> {
    let mut lines: Vec<usize> = files.iter().map(RustFile::code_lines).collect();
    let mut fns: Vec<usize> = files.iter().flat_map(RustFile::fn_sizes).map(|size| size.lines).collect();
    let figures = [
        ("median file", percentile(&mut lines, 50), FILE_MEDIAN),
        ("95 % of the files", percentile(&mut lines, 95), FILE_P95),
        ("median function", percentile(&mut fns, 50), FN_MEDIAN),
    ];
    figures
        .into_iter()
        .filter(|(_, found, limit)| found > limit)
        .map(|(what, found, limit)| {
            let longest = longest(files);
            let found = format!("{what}: {found} lines, goal {limit}");
            Finding::in_file("workspace", found, format!("split the longest by subject: {longest}"))
        })
        .collect()
}

fn longest(files: &[RustFile]) -> String {
    let mut sizes: Vec<(usize, &str)> =
        files.iter().map(|file| (file.code_lines(), file.path.as_str())).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.iter().take(5).map(|(lines, path)| format!("{path} ({lines})")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TextFile;

    fn file(text: &str) -> RustFile {
        RustFile::parse(TextFile::new("crates/x/src/a.rs", text)).unwrap()
    }

    #[test]
    fn percentiles_take_the_nearest_rank() {
        assert_eq!(percentile(&mut [5, 1, 3], 50), 3);
        assert_eq!(percentile(&mut [5, 1, 3, 2], 50), 2);
        assert_eq!(percentile(&mut [5, 1, 3], 95), 5);
        assert_eq!(percentile(&mut [], 50), 0);
    }

    #[test]
    fn a_file_of_many_lines_fails_unless_they_are_tests() {
        let lines = "const A: u8 = 0;\n".repeat(FILE_MAX + 1);
        assert_eq!(check_file(&file(&lines)).len(), 1);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{lines}}}\n");
        assert_eq!(check_file(&file(&tests)), []);
    }

    #[test]
    fn a_long_function_fails_with_its_line() {
        let body = "    let _a = 0;\n".repeat(FN_MAX);
        let findings = check_file(&file(&format!("\nfn long() {{\n{body}}}\n")));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, Some(2));
    }

    #[test]
    fn a_workspace_of_long_files_fails_by_its_median() {
        let lines = "const A: u8 = 0;\n".repeat(FILE_MEDIAN + 1);
        let findings = check_all(&[file(&lines), file(&lines), file("")]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].found.starts_with("median file"));
        assert_eq!(check_all(&[file(&lines), file(""), file("")]), []);
    }
}
