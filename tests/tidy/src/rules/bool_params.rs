//! Public functions take enums where a bool would hide its meaning at the call.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{FnArg, Signature, Type, Visibility};

use crate::rust_file::is_test;
use crate::{Finding, RustFile};

/// Reports every parameter of type `bool` of a public function, method or trait method outside tests. A function that
/// says `bool` in its name (`from_bool`) converts one, and may take it.
pub fn check(file: &RustFile) -> Vec<Finding> {
    let mut visitor = PublicFns { path: &file.path, findings: Vec::new() };
    visitor.visit_file(file.syntax());
    visitor.findings
}

struct PublicFns<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl PublicFns<'_> {
    fn look_at(&mut self, signature: &Signature) {
        if signature.ident.to_string().contains("bool") {
            return;
        }
        for parameter in signature.inputs.iter().filter(|parameter| is_bool(parameter)) {
            let found = format!("public fn {} takes a bool", signature.ident);
            let line = parameter.span().start().line;
            self.findings.push(Finding::at_line(
                self.path,
                line,
                found,
                "take an enum whose variants say what is meant",
            ));
        }
    }
}

fn is_bool(parameter: &FnArg) -> bool {
    let FnArg::Typed(parameter) = parameter else { return false };
    matches!(&*parameter.ty, Type::Path(path) if path.path.is_ident("bool"))
}

impl<'ast> Visit<'ast> for PublicFns<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if matches!(function.vis, Visibility::Public(_)) {
            self.look_at(&function.sig);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if matches!(function.vis, Visibility::Public(_)) {
            self.look_at(&function.sig);
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if !matches!(item.vis, Visibility::Public(_)) {
            return;
        }
        for item in &item.items {
            if let syn::TraitItem::Fn(function) = item {
                self.look_at(&function.sig);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TextFile;

    fn lines(text: &str) -> Vec<Option<usize>> {
        let file = RustFile::parse(TextFile::new("crates/x/src/a.rs", text)).unwrap();
        check(&file).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_public_bool_parameter_fails_wherever_it_stands() {
        assert_eq!(lines("pub fn a(\n    x: u8,\n    deep: bool,\n) {}"), [Some(3)]);
        assert_eq!(lines("struct S;\nimpl S {\n    pub const fn a(&self, deep: bool) {}\n}"), [Some(3)]);
        assert_eq!(lines("pub trait T {\n    fn a(&self, deep: bool);\n}"), [Some(2)]);
        assert_eq!(lines("mod inner {\n    pub fn a<F: Fn(bool)>(f: F, deep: bool) {}\n}"), [Some(2)]);
    }

    #[test]
    fn masks_conversions_private_functions_results_and_tests_pass() {
        assert_eq!(lines("pub fn from_bool(value: bool) {}"), []);
        assert_eq!(lines("pub fn a(mask: &[bool]) -> bool { mask[0] }"), []);
        assert_eq!(lines("fn a(deep: bool) {}\npub(crate) fn b(deep: bool) {}"), []);
        assert_eq!(lines("#[cfg(test)]\nmod tests {\n    pub fn a(deep: bool) {}\n}"), []);
    }
}
