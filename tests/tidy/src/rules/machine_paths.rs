//! No file of the repository knows the machine it was written on.

use crate::{Finding, TextFile};

// Written in two halves, so that this file passes its own rule.
const HOMES: [&str; 6] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("/workspa", "ce/"),
    concat!("C:\\Us", "ers\\"),
];
const SERVERS: [&str; 5] = [
    concat!("--index", "-url"),
    concat!("--extra-index", "-url"),
    concat!("replace", "-with"),
    concat!(".cargo/", "registry/src"),
    concat!("index.crates.", "io"),
];
const LOCK_SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Reports absolute paths of people's machines and settings that point a package manager at another server.
pub fn check(file: &TextFile) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let (found, fix) = fault(&file.path, line)?;
            Some(Finding::at_line(&file.path, index + 1, found, fix))
        })
        .collect()
}

fn fault(path: &str, line: &str) -> Option<(String, &'static str)> {
    if let Some(home) = HOMES.iter().find(|home| starts_a_path(line, home)) {
        return Some((format!("an absolute path under {home}"), "write it relative to the repository"));
    }
    if let Some(server) = SERVERS.iter().find(|server| line.contains(**server)) {
        let fix = "leave the choice of a server to the reader's own configuration";
        return Some((format!("{server}, a setting of one machine"), fix));
    }
    let foreign = path.ends_with("Cargo.lock") && line.starts_with("source = ") && line != LOCK_SOURCE;
    foreign.then(|| (line.to_owned(), "take every package from crates.io"))
}

/// Whether `line` holds `path` at the start of a path: not behind a name, a dot or a scheme's host.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|sign| sign.is_alphanumeric() || "._-~}/)>$*".contains(sign))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_of_a_machine_fail() {
        for home in HOMES {
            let file = TextFile::new("a.md", &format!("fine\nsee `{home}me/x`\n"));
            assert_eq!(check(&file)[0].line, Some(2), "{home}");
        }
    }

    #[test]
    fn paths_inside_longer_paths_and_addresses_pass() {
        for home in ["crates", "https://example.org", "..", "$HOME", "{root}"] {
            let text = format!("{home}{}x\n", HOMES[3]);
            assert_eq!(check(&TextFile::new("a.md", &text)), [], "{text}");
        }
    }

    #[test]
    fn other_servers_fail() {
        let pip = format!("{} https://mirror.example\n", SERVERS[0]);
        assert_eq!(check(&TextFile::new("requirements.txt", &pip)).len(), 1);
        let lock = format!("{LOCK_SOURCE}\nsource = \"registry+https://mirror.example/index\"\n");
        assert_eq!(check(&TextFile::new("Cargo.lock", &lock))[0].line, Some(2));
    }
}
