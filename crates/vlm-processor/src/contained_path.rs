//! File names of rows are data, and data may be hostile: a name never leads outside the rows' folder.

use std::path::{Component, Path, PathBuf};

use crate::row_error::PathProblem;
use crate::text_limits::MAX_PATH_BYTES;

/// The real path of `name` below `root`. Refused: absolute names, `..`, NUL, links that leave `root`,
/// and names that only another system would take as absolute (a drive letter, a leading backslash).
pub fn contained_path(root: &Path, name: &str) -> Result<PathBuf, PathProblem> {
    check_name(name)?;
    let open = |error: std::io::Error| PathProblem::Open { name: name.to_owned(), reason: error.to_string() };
    let real_root =
        if root.as_os_str().is_empty() { Path::new(".") } else { root }.canonicalize().map_err(open)?;
    let real = real_root.join(name).canonicalize().map_err(open)?;
    if !real.starts_with(&real_root) {
        return Err(PathProblem::Outside { name: name.to_owned() });
    }
    if !real.is_file() {
        return Err(PathProblem::Open { name: name.to_owned(), reason: "not a regular file".to_owned() });
    }
    Ok(real)
}

fn check_name(name: &str) -> Result<(), PathProblem> {
    if name.is_empty() {
        return Err(PathProblem::Empty);
    }
    if name.len() > MAX_PATH_BYTES {
        return Err(PathProblem::TooLong { found: name.len(), limit: MAX_PATH_BYTES });
    }
    if name.contains('\0') {
        return Err(PathProblem::Nul);
    }
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if drive || name.starts_with(['/', '\\']) || Path::new(name).is_absolute() {
        return Err(PathProblem::Absolute { name: name.to_owned() });
    }
    let climbs = Path::new(name).components().any(|c| c == Component::ParentDir);
    if climbs || name.split(['/', '\\']).any(|piece| piece == "..") {
        return Err(PathProblem::Parent { name: name.to_owned() });
    }
    Ok(())
}
