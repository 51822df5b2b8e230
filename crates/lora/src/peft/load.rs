//! An adapter from a folder onto a model.

use super::file::TensorFile;
use super::names::{self, Role};
use super::settings::{self, Settings};
use super::{AdapterFiles, CONFIG, PeftError, shapes};
use crate::attach::{Numbers, free_names};
use crate::targets::Matcher;
use crate::{Adapter, Attached, FullCopy, Linear, Linears, LoraConfig, LowRank, Targets};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a folder held.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its settings. `targets` may be a pattern in a dialect that cannot be used for attaching.
    pub config: LoraConfig,
    /// What was attached.
    pub attached: Attached,
    /// The model that it says it was trained on. It is not looked for.
    pub base_model: Option<String>,
    /// Modules that the settings name and the file has nothing for: they stay as they are.
    pub without_tensors: Vec<String>,
}

/// Puts the adapter of a folder onto a model. Every tensor of the file must belong to the model, have the right shape and
/// be finite; on an error the model is left without adapters.
pub fn load<M: Linears>(model: &mut M, dir: &Path) -> Result<Loaded, PeftError> {
    put(model, settings::read(dir)?, TensorFile::open(dir)?, dir.join(CONFIG))
}

/// [`load`] for files that are in memory.
pub fn load_files<M: Linears>(model: &mut M, files: &AdapterFiles) -> Result<Loaded, PeftError> {
    let path = PathBuf::from(CONFIG);
    put(model, settings::parse(&path, &files.config)?, TensorFile::of_bytes(&files.weights)?, path)
}

fn put<M: Linears>(
    model: &mut M,
    settings: Settings,
    file: TensorFile,
    path: PathBuf,
) -> Result<Loaded, PeftError> {
    let Settings { config, excluded, base_model } = settings;
    let refused = |source| PeftError::Adapter { path: path.clone(), source };
    let names = free_names(model).map_err(refused)?;
    let numbers = Numbers::new(&config).map_err(refused)?;
    let mut loading = Loading::new(file, numbers, &names);
    model.visit_linears(&mut |name, linear| loading.check(name, linear));
    loading.refuse()?;
    let mut failed = None;
    model.visit_linears(&mut |name, linear| {
        if failed.is_none() {
            failed = loading.attach(name, linear).err();
        }
    });
    if let Err(error) = failed.map_or_else(|| loading.refuse(), Err) {
        crate::detach(model);
        return Err(error);
    }
    let attached = loading.attached;
    let without_tensors = missing([&config.targets, &excluded], &names, &attached);
    Ok(Loaded { config, attached, base_model, without_tensors })
}

/// Modules that the settings name, where they can be read, and that got nothing.
fn missing([targets, excluded]: [&Targets; 2], names: &[String], attached: &Attached) -> Vec<String> {
    let (Ok(targets), Ok(excluded)) = (Matcher::new(targets), Matcher::new(excluded)) else {
        return Vec::new();
    };
    let got = |name: &String| attached.modules.contains(name) || attached.copies.contains(name);
    names
        .iter()
        .filter(|name| targets.matches(name) && !excluded.matches(name) && !got(name))
        .cloned()
        .collect()
}

/// The tensors of one module, by role: their names in the file.
type Tensors = BTreeMap<Role, String>;

struct Loading<'a> {
    file: TensorFile,
    numbers: Numbers<'a>,
    modules: BTreeMap<String, Tensors>,
    problems: Vec<String>,
    attached: Attached,
}

impl<'a> Loading<'a> {
    fn new(file: TensorFile, numbers: Numbers<'a>, known: &[String]) -> Self {
        let (mut modules, mut problems) = (BTreeMap::<String, Tensors>::new(), Vec::new());
        for (name, _) in file.shapes() {
            match names::parse(name).filter(|(module, _)| known.contains(module)) {
                None => problems.push(format!("{name} belongs to no linear map of this model")),
                Some((module, role)) => {
                    if let Some(other) = modules.entry(module).or_default().insert(role, name.to_owned()) {
                        problems.push(format!("{name} and {other} mean the same tensor"));
                    }
                }
            }
        }
        let attached = Attached { modules: Vec::new(), copies: Vec::new(), parameters: 0 };
        Self { file, numbers, modules, problems, attached }
    }

    /// The problems so far as an error.
    fn refuse(&mut self) -> Result<(), PeftError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(PeftError::Mismatch {
            path: self.file.path.clone(),
            problems: std::mem::take(&mut self.problems),
        })
    }

    /// Compares names and shapes of a module's tensors with what it needs.
    fn check(&mut self, name: &str, linear: &Linear) {
        let Some(tensors) = self.modules.get(name) else { return };
        let wanted = self.wanted(name, linear, tensors);
        for (role, shape) in &wanted {
            let Some(tensor) = tensors.get(role) else {
                self.problems.push(format!("{} is missing", names::written(name, *role)));
                continue;
            };
            let found = self.file.shapes().find(|(name, _)| name == tensor).map(|(_, shape)| shape.to_vec());
            let found = found.unwrap_or_default();
            if found != *shape {
                self.problems.push(format!("{tensor} has shape {found:?}, expected {shape:?}"));
            }
        }
        let extra = tensors.iter().filter(|(role, _)| !wanted.contains_key(role));
        let extra: Vec<String> =
            extra.map(|(_, name)| format!("{name} has no use by the settings")).collect();
        self.problems.extend(extra);
    }

    /// The shapes of the tensors that a module needs.
    fn wanted(&self, name: &str, linear: &Linear, tensors: &Tensors) -> BTreeMap<Role, Vec<usize>> {
        let recipe = self.numbers.of(name);
        let mut roles = vec![Role::A, Role::B];
        if tensors.contains_key(&Role::Weight) || tensors.contains_key(&Role::Bias) {
            roles = vec![Role::Weight];
            roles.extend(linear.bias.as_ref().map(|_| Role::Bias));
        } else if recipe.variant.has_magnitude() {
            roles.push(Role::Magnitude);
        }
        roles.into_iter().map(|role| (role, shapes::stored(role, linear, recipe.rank))).collect()
    }

    /// Reads a module's tensors and attaches them.
    fn attach(&mut self, name: &str, linear: &mut Linear) -> Result<(), PeftError> {
        let Some(tensors) = self.modules.get(name).cloned() else { return Ok(()) };
        let mut read = BTreeMap::new();
        for (role, tensor) in &tensors {
            match self.file.numbers(tensor)? {
                Ok(numbers) => _ = read.insert(*role, numbers),
                Err(problem) => self.problems.push(problem),
            }
        }
        if read.len() < tensors.len() {
            return Ok(());
        }
        let adapter = if let Some(weight) = read.remove(&Role::Weight) {
            self.attached.copies.push(name.to_owned());
            Adapter::FullCopy(FullCopy::from_numbers(linear, weight, read.remove(&Role::Bias)))
        } else {
            self.attached.modules.push(name.to_owned());
            let factors = [Role::A, Role::B].map(|role| read.remove(&role).unwrap_or_default());
            let recipe = self.numbers.of(name);
            let mut low = LowRank::of(&linear.weight, recipe, &linear.device(), factors);
            if let Some((magnitude, lengths)) = low.magnitude.as_mut().zip(read.remove(&Role::Magnitude)) {
                magnitude.set(lengths);
            }
            Adapter::LowRank(low)
        };
        self.attached.parameters += adapter.parameters();
        linear.adapter = Some(adapter);
        Ok(())
    }
}
