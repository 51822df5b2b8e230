//! Compiled kernels that stay on disk.

use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use std::path::Path;

/// Keeps compiled kernels beside the results of tuning, which cubecl does only where it is told to. Called before a device is
/// opened, when cubecl reads its configuration. One that its user wrote for the folder in which this process works, or for one
/// above it, is left as it is.
pub(crate) fn keep() {
    let here = std::env::current_dir().unwrap_or_default();
    if here.ancestors().any(is_configured) {
        return;
    }
    let mut config = CubeClRuntimeConfig::default().override_from_env();
    config.compilation.cache = true;
    // Refused where a device was opened otherwise before.
    let _ = CubeClRuntimeConfig::try_set(config);
}

/// Whether a folder has a configuration for cubecl.
fn is_configured(folder: &Path) -> bool {
    let own = CubeClRuntimeConfig::file_names().iter().any(|name| folder.join(name).is_file());
    own || CubeClRuntimeConfig::section_file_names().iter().any(|(name, section)| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        text.lines().any(|line| {
            let line = line.trim().trim_start_matches('[');
            line.strip_prefix(section).is_some_and(|rest| rest.starts_with([']', '.', ' ', '=']))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_a_file_of_cubecl_or_a_section_of_burn() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_configured(folder.path()));
        let burn = folder.path().join("burn.toml");
        std::fs::write(&burn, "[fusion]\nbeam = 1\n# cubecl\n").unwrap();
        assert!(!is_configured(folder.path()));
        std::fs::write(&burn, "[cubecl.autotune]\nlevel = \"minimal\"\n").unwrap();
        assert!(is_configured(folder.path()));
        std::fs::remove_file(&burn).unwrap();
        std::fs::write(folder.path().join("cubecl.toml"), "").unwrap();
        assert!(is_configured(folder.path()));
    }

    #[test]
    fn kernels_are_kept_unless_a_configuration_says_otherwise() {
        keep();
        let here = std::env::current_dir().unwrap();
        let kept = CubeClRuntimeConfig::get().compilation.cache;
        assert!(kept || here.ancestors().any(is_configured));
    }
}
