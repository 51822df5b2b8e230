//! Every rule of the house, applied to this repository.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use anneal_tidy::rules::*;
use anneal_tidy::{Finding, Lock, RustFile, TextFile, Tree, packages};

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    // Asked at run time: a binary in a shared target folder may have been built from another checkout.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&here).join("../..");
    Tree::open(&root).unwrap_or_else(|error| panic!("{error}"))
});

/// Text that people wrote: not what cargo, a script or a licence's author did.
fn prose() -> Vec<TextFile> {
    let written = |file: &TextFile| {
        let generated = file.path == "Cargo.lock" || file.path.starts_with("LICENSE");
        !generated
            && (!file.is_below(fixtures::FOLDER) || file.path.ends_with(".md") || file.path.ends_with(".py"))
    };
    TREE.text_files().into_iter().filter(written).collect()
}

fn rust_files() -> Vec<RustFile> {
    let files = prose().into_iter().filter(|file| file.path.ends_with(".rs"));
    files
        .map(|file| {
            let path = file.path.clone();
            RustFile::parse(file).unwrap_or_else(|error| panic!("{path}: {error}"))
        })
        .collect()
}

fn code_files() -> Vec<RustFile> {
    rust_files().into_iter().filter(RustFile::is_code).collect()
}

fn documents() -> Vec<TextFile> {
    prose().into_iter().filter(|file| file.path.ends_with(".md")).collect()
}

fn text(path: &str) -> String {
    TREE.text(path).unwrap_or_else(|| panic!("{path} is missing")).text
}

#[track_caller]
fn none(findings: impl IntoIterator<Item = Finding>) {
    let list: Vec<String> = findings.into_iter().map(|finding| finding.to_string()).collect();
    assert!(list.is_empty(), "{} finding(s):\n{}\n", list.len(), list.join("\n"));
}

#[test]
fn packages_use_each_other_as_the_architecture_says() {
    none(arrows::check(&packages(TREE.root()).unwrap(), &text(arrows::FILE)));
}

#[test]
fn packages_are_free_of_burn_where_the_architecture_says() {
    let lock = Lock::parse(&text("Cargo.lock")).unwrap();
    none(burn_free::check(&packages(TREE.root()).unwrap(), &lock, &text(arrows::FILE)));
}

#[test]
fn every_manifest_inherits_licence_and_lints() {
    let manifests = prose().into_iter().filter(|file| file.path.ends_with("Cargo.toml"));
    none(manifests.filter(|file| file.text.contains("[package]")).flat_map(|file| manifests::check(&file)));
}

#[test]
fn every_package_of_the_repository_is_a_member_of_the_workspace() {
    let members: BTreeSet<String> = packages(TREE.root()).unwrap().into_iter().map(|p| p.manifest).collect();
    let manifests = prose().into_iter().filter(|file| file.path.ends_with("Cargo.toml"));
    none(manifests.filter(|file| !members.iter().any(|member| member.ends_with(&file.path))).map(|file| {
        Finding::in_file(
            &file.path,
            "a package that no gate builds",
            "add it to members in the root Cargo.toml",
        )
    }));
}

#[test]
fn files_and_functions_are_short() {
    let files = code_files();
    none(files.iter().flat_map(lengths::check_file).chain(lengths::check_all(&files)));
}

#[test]
fn file_names_say_a_subject() {
    none(TREE.paths().iter().filter_map(|path| names::check(path)));
}

#[test]
fn public_functions_take_no_bool() {
    none(code_files().iter().flat_map(bool_params::check));
}

#[test]
fn nothing_unfinished_is_committed() {
    none(rust_files().iter().flat_map(marks::check_code));
    none(prose().iter().flat_map(marks::check_words));
}

#[test]
fn every_doc_example_runs() {
    none(prose().iter().filter(|file| file.path.ends_with(".rs")).flat_map(doctests::check));
}

#[test]
fn unsafe_stands_where_the_architecture_says() {
    none(unsafe_places::check(&rust_files(), &text(arrows::FILE)));
}

#[test]
fn lines_have_no_trailing_white_space() {
    none(prose().iter().flat_map(whitespace::check));
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    none(TREE.text_files().iter().flat_map(machine_paths::check));
}

#[test]
fn every_algorithm_shows_its_equation() {
    none(rust_files().iter().filter(|file| equations::is_algorithm(&file.path)).filter_map(equations::check));
}

#[test]
fn every_fixture_says_where_it_comes_from() {
    none(fixtures::check(TREE.paths(), &text(fixtures::FILE)));
}

#[test]
fn every_make_target_in_the_documents_exists() {
    let makefile = text("Makefile");
    none(documents().iter().flat_map(|document| commands::check(document, &makefile)));
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let exists = |path: &str| TREE.root().join(path).exists();
    none(documents().iter().flat_map(|document| links::check(document, exists)));
}

#[test]
fn every_path_that_the_main_documents_name_exists() {
    let exists = |path: &str| TREE.root().join(path).exists();
    let at_root = documents().into_iter().filter(|document| !document.path.contains('/'));
    none(at_root.flat_map(|document| links::check_paths(&document, exists)));
}

#[test]
fn every_page_of_the_documentation_is_in_its_index() {
    none(docs_index::check(TREE.paths(), &text(docs_index::FILE)));
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    none(guards::check(&rust_files(), &text(arrows::FILE)));
}
