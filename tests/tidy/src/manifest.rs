//! The packages of the workspace and the lock file, as far as the rules need them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// One package of the workspace with its direct dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Path of its Cargo.toml.
    pub manifest: String,
    /// Packages of the workspace that its library or binary uses, always or behind a feature.
    pub uses: BTreeSet<String>,
    /// Packages of the workspace that only its tests, benches and examples use.
    pub tests_use: BTreeSet<String>,
    /// Packages from a registry that its library or binary uses, always or behind a feature.
    pub external: BTreeSet<String>,
}

/// Why the packages could not be listed.
#[derive(Debug)]
pub enum MetadataError {
    /// `cargo metadata` could not be started or failed.
    Cargo(String),
    /// Its output does not have the documented shape.
    Shape(&'static str),
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo(answer) => write!(f, "cargo metadata failed: {answer}"),
            Self::Shape(part) => write!(f, "cargo metadata: expected {part}; is the format version still 1?"),
        }
    }
}

impl std::error::Error for MetadataError {}

/// The packages of the workspace at `root`, from `cargo metadata --no-deps`: needs neither network nor lock file.
pub fn packages(root: &Path) -> Result<Vec<Package>, MetadataError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| MetadataError::Cargo(error.to_string()))?;
    if !output.status.success() {
        return Err(MetadataError::Cargo(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| MetadataError::Cargo(error.to_string()))?;
    let list = metadata["packages"].as_array().ok_or(MetadataError::Shape("a list of packages"))?;
    list.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package, MetadataError> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut package = Package {
        name: text(&value["name"]).ok_or(MetadataError::Shape("a package name"))?,
        manifest: text(&value["manifest_path"]).ok_or(MetadataError::Shape("a manifest path"))?,
        ..Package::default()
    };
    let dependencies =
        value["dependencies"].as_array().ok_or(MetadataError::Shape("a list of dependencies"))?;
    for dependency in dependencies {
        let name = text(&dependency["name"]).ok_or(MetadataError::Shape("a dependency's name"))?;
        let ours = dependency["path"].is_string();
        match (ours, dependency["kind"].as_str()) {
            (true, Some("dev")) => package.tests_use.insert(name),
            (true, _) => package.uses.insert(name),
            (false, Some("dev")) => false,
            (false, _) => package.external.insert(name),
        };
    }
    package.tests_use = &package.tests_use - &package.uses;
    Ok(package)
}

/// Cargo.lock as a graph of names. Versions of one name are merged: the closure can only grow by that.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    uses: BTreeMap<String, BTreeSet<String>>,
}

/// A lock file that is not the one cargo writes.
#[derive(Debug, PartialEq, Eq)]
pub struct LockError {
    /// Line, counted from 1.
    pub line: usize,
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cargo.lock:{}: a dependency outside a named package; let cargo write the file", self.line)
    }
}

impl std::error::Error for LockError {}

impl Lock {
    /// Parses the text of a Cargo.lock. The lock file lists what a registry package uses without its tests, so a closure
    /// over it needs no download and is the same on every system.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let mut lock = Self::default();
        let mut current: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            if line == "[[package]]" {
                current = None;
            } else if let Some(name) = line.strip_prefix("name = ") {
                let name = name.trim_matches('"').to_owned();
                lock.uses.entry(name.clone()).or_default();
                current = Some(name);
            } else if let Some(entry) = line.strip_prefix(" \"") {
                let used = entry.trim_end_matches(['"', ',']).split(' ').next().unwrap_or_default();
                let user = current.as_ref().ok_or(LockError { line: index + 1 })?;
                lock.uses.entry(user.clone()).or_default().insert(used.to_owned());
            }
        }
        Ok(lock)
    }

    /// A shortest chain of uses from one of `from` to a package that `wanted` accepts, both ends included.
    pub fn chain(&self, from: &BTreeSet<String>, wanted: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let mut seen = from.clone();
        let mut chains: Vec<Vec<String>> = from.iter().map(|name| vec![name.clone()]).collect();
        while !chains.is_empty() {
            if let Some(found) = chains.iter().find(|chain| chain.last().is_some_and(|name| wanted(name))) {
                return Some(found.clone());
            }
            let mut longer = Vec::new();
            for chain in &chains {
                for used in chain.last().and_then(|name| self.uses.get(name)).into_iter().flatten() {
                    if seen.insert(used.clone()) {
                        longer.push(chain.iter().chain([used]).cloned().collect());
                    }
                }
            }
            chains = longer;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"a\"\ndependencies = [\n \"b 1.0.0\",\n]\n\n[[package]]\nname = \"b\"\n\
        dependencies = [\n \"c\",\n]\n\n[[package]]\nname = \"c\"\n";

    #[test]
    fn a_chain_names_every_step_to_what_was_looked_for() {
        let lock = Lock::parse(LOCK).unwrap();
        let from = BTreeSet::from(["a".to_owned()]);
        assert_eq!(lock.chain(&from, |name| name == "c"), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(lock.chain(&from, |name| name == "d"), None);
    }

    #[test]
    fn a_dependency_without_a_package_is_an_error_with_its_line() {
        assert_eq!(Lock::parse("dependencies = [\n \"b\",\n]\n").unwrap_err(), LockError { line: 2 });
    }

    #[test]
    fn dependencies_are_sorted_by_whose_they_are_and_what_uses_them() {
        let value = serde_json::json!({"name": "p", "manifest_path": "p/Cargo.toml", "dependencies": [
            {"name": "ours", "path": "x", "kind": null}, {"name": "helper", "path": "y", "kind": "dev"},
            {"name": "ours", "path": "x", "kind": "dev"}, {"name": "serde", "kind": null}, {"name": "tempfile", "kind": "dev"},
        ]});
        let package = package(&value).unwrap();
        assert_eq!(package.uses, BTreeSet::from(["ours".to_owned()]));
        assert_eq!(package.tests_use, BTreeSet::from(["helper".to_owned()]));
        assert_eq!(package.external, BTreeSet::from(["serde".to_owned()]));
    }
}
