//! The rules, one file each.

pub mod arrows;
pub mod bool_params;
pub mod burn_free;
pub mod commands;
pub mod docs_index;
pub mod doctests;
pub mod equations;
pub mod fixtures;
pub mod guards;
pub mod lengths;
pub mod links;
pub mod machine_paths;
pub mod manifests;
pub mod marks;
pub mod names;
pub mod unsafe_places;
pub mod whitespace;
