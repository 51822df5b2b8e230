//! A parsed Rust file: what the rules ask of source code.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::TextFile;

/// A Rust file with its syntax.
pub struct RustFile {
    /// Path from the root of the repository.
    pub path: String,
    /// Its text.
    pub text: String,
    syntax: syn::File,
}

/// The size of one function outside tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FnSize {
    /// Its name.
    pub name: String,
    /// The line of its name, counted from 1.
    pub line: usize,
    /// Lines from its signature to its closing brace, both included.
    pub lines: usize,
}

impl RustFile {
    /// Parses a file; the error is the parser's, for a file that rustc would refuse too.
    pub fn parse(file: TextFile) -> Result<Self, syn::Error> {
        let syntax = syn::parse_file(&file.text)?;
        Ok(Self { path: file.path, text: file.text, syntax })
    }

    /// Whether the file is part of a library or a binary, and not a test, a bench or a fuzz target.
    pub fn is_code(&self) -> bool {
        self.path.split('/').any(|part| part == "src")
    }

    /// The syntax of the whole file.
    pub fn syntax(&self) -> &syn::File {
        &self.syntax
    }

    /// Number of lines outside `#[cfg(test)]` items.
    pub fn code_lines(&self) -> usize {
        let tests: usize = self.syntax.items.iter().filter_map(test_lines).map(|lines| lines.len()).sum();
        self.text.lines().count() - tests
    }

    /// Sizes of all functions outside `#[cfg(test)]` items.
    pub fn fn_sizes(&self) -> Vec<FnSize> {
        let mut sizes = FnSizes(Vec::new());
        sizes.visit_file(&self.syntax);
        sizes.0
    }

    /// Every token of the file in order, groups opened up, with its line. Comments and strings are not tokens, so a
    /// rule that looks for a word in code does not find it in prose.
    pub fn tokens(&self) -> Vec<(TokenTree, usize)> {
        let mut tokens = Vec::new();
        // The file parsed as syntax, so it parses as tokens.
        let stream: TokenStream = self.text.trim_start_matches('\u{feff}').parse().unwrap_or_default();
        flatten(stream, &mut tokens);
        tokens
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<(TokenTree, usize)>) {
    for tree in stream {
        let line = tree.span().start().line;
        tokens.push((tree.clone(), line));
        if let TokenTree::Group(group) = tree {
            flatten(group.stream(), tokens);
        }
    }
}

fn test_lines(item: &syn::Item) -> Option<Range<usize>> {
    let attributes = match item {
        syn::Item::Mod(module) => &module.attrs,
        syn::Item::Fn(function) => &function.attrs,
        syn::Item::Impl(block) => &block.attrs,
        syn::Item::Use(import) => &import.attrs,
        _ => return None,
    };
    is_test(attributes).then(|| item.span().start().line..item.span().end().line + 1)
}

/// Whether attributes hold `#[cfg(test)]` or `#[test]`.
pub(crate) fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let cfg_test = attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test");
        cfg_test || attribute.path().is_ident("test")
    })
}

struct FnSizes(Vec<FnSize>);

impl FnSizes {
    fn push(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (first, last) = (signature.span().start().line, block.span().end().line);
        let line = signature.ident.span().start().line;
        self.0.push(FnSize { name: signature.ident.to_string(), line, lines: last + 1 - first });
    }
}

impl<'ast> Visit<'ast> for FnSizes {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test(&function.attrs) {
            self.push(&function.sig, &function.block);
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.push(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.push(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> RustFile {
        RustFile::parse(TextFile::new("crates/x/src/a.rs", text)).unwrap()
    }

    #[test]
    fn lines_of_inline_tests_are_not_counted() {
        let file = parsed("fn a() {\n}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n");
        assert_eq!(file.code_lines(), 3);
        assert_eq!(file.fn_sizes(), [FnSize { name: "a".into(), line: 1, lines: 2 }]);
    }

    #[test]
    fn tokens_reach_into_macros_but_not_into_strings() {
        let words: Vec<String> = parsed("fn a() { vec![(b, \"c\")]; } // d")
            .tokens()
            .iter()
            .filter_map(|(tree, _)| match tree {
                TokenTree::Ident(word) => Some(word.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(words, ["fn", "a", "vec", "b"]);
    }
}
