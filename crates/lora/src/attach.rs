//! Adapters on and off.

use crate::low_rank::Recipe;
use crate::random::Stream;
use crate::targets::{self, Matcher, is_vision};
use crate::{Adapter, FullCopy, Linear, LoraConfig, LoraError, LowRank, Targets, Vision};
use regex::Regex;
use std::collections::BTreeSet;

/// A model that shows its linear maps.
pub trait Linears {
    /// Calls `visit` with every linear map and its module path as published files spell it, such as
    /// `model.layers.0.self_attn.q_proj`, `visual.blocks.0.attn.qkv` or `lm_head`.
    fn visit_linears(&mut self, visit: &mut dyn FnMut(&str, &mut Linear));
}

/// What was attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Modules with a low-rank adapter.
    pub modules: Vec<String>,
    /// Modules of which a copy is trained.
    pub copies: Vec<String>,
    /// Numbers that are trained.
    pub parameters: usize,
}

/// Gives every map that `config` means an adapter that leaves it unchanged at first. Nothing is attached when there is
/// an error.
pub fn attach<M: Linears>(model: &mut M, config: &LoraConfig) -> Result<Attached, LoraError> {
    config.check()?;
    let names = free_names(model)?;
    let plan = Plan::new(config, &names)?;
    let mut attached = Attached { modules: Vec::new(), copies: Vec::new(), parameters: 0 };
    model.visit_linears(&mut |name, linear| {
        if plan.copies.contains(name) {
            linear.adapter = Some(Adapter::FullCopy(FullCopy::of(linear.weight.dense(), linear.bias())));
            attached.copies.push(name.to_owned());
        } else if plan.low_rank.contains(name) {
            linear.adapter = Some(Adapter::LowRank(plan.fresh(name, linear)));
            attached.modules.push(name.to_owned());
        }
        attached.parameters += linear.adapter.as_ref().map_or(0, Adapter::parameters);
    });
    Ok(attached)
}

/// Takes all adapters away; returns how many there were.
pub fn detach<M: Linears>(model: &mut M) -> usize {
    let mut count = 0;
    model.visit_linears(&mut |_, linear| count += usize::from(linear.adapter.take().is_some()));
    count
}

/// The names of all maps, none of which has an adapter.
pub(crate) fn free_names<M: Linears>(model: &mut M) -> Result<Vec<String>, LoraError> {
    let mut names = Vec::new();
    let mut taken = None;
    model.visit_linears(&mut |name, linear| {
        if linear.adapter.is_some() {
            taken.get_or_insert(name.to_owned());
        }
        names.push(name.to_owned());
    });
    match taken {
        Some(module) => Err(LoraError::AlreadyAttached { module }),
        None => Ok(names),
    }
}

/// Rank and α of each map.
pub(crate) struct Numbers<'a> {
    config: &'a LoraConfig,
    ranks: Vec<(Regex, usize)>,
    alphas: Vec<(Regex, f64)>,
}

impl<'a> Numbers<'a> {
    pub(crate) fn new(config: &'a LoraConfig) -> Result<Self, LoraError> {
        let (ranks, alphas) = (patterns(&config.rank_pattern)?, patterns(&config.alpha_pattern)?);
        Ok(Self { config, ranks, alphas })
    }

    pub(crate) fn of(&self, name: &str) -> Recipe {
        Recipe {
            rank: matching(&self.ranks, name).unwrap_or(self.config.r),
            alpha: matching(&self.alphas, name).unwrap_or(self.config.alpha),
            variant: self.config.variant,
            dropout: self.config.dropout,
        }
    }
}

/// Which map gets what.
struct Plan<'a> {
    numbers: Numbers<'a>,
    low_rank: BTreeSet<String>,
    copies: BTreeSet<String>,
}

impl<'a> Plan<'a> {
    fn new(config: &'a LoraConfig, names: &[String]) -> Result<Self, LoraError> {
        let copies = copies(config, names)?;
        let matcher = Matcher::new(&config.targets)?;
        let eligible = |name: &&String| config.vision == Vision::Included || !is_vision(name);
        let low_rank: BTreeSet<String> = names
            .iter()
            .filter(eligible)
            .filter(|name| matcher.matches(name) && !copies.contains(*name))
            .cloned()
            .collect();
        check_targets(config, names, &low_rank)?;
        Ok(Self { numbers: Numbers::new(config)?, low_rank, copies })
    }

    fn fresh(&self, name: &str, linear: &Linear) -> LowRank {
        let recipe = self.numbers.of(name);
        LowRank::fresh(&linear.weight, recipe, &linear.device(), Stream::new(self.numbers.config.seed, name))
    }
}

/// Modules of which a copy is trained: every name asked for must be there.
fn copies(config: &LoraConfig, names: &[String]) -> Result<BTreeSet<String>, LoraError> {
    let mut copies = BTreeSet::new();
    for wanted in &config.modules_to_save {
        let before = copies.len();
        copies.extend(names.iter().filter(|name| targets::ends_in(name, wanted)).cloned());
        if copies.len() == before {
            return Err(LoraError::NoSuchModule { name: wanted.clone(), known: endings(names) });
        }
    }
    Ok(copies)
}

/// Every target must have met a map: a name that fits nothing is a typing error or the wrong model.
fn check_targets(config: &LoraConfig, names: &[String], found: &BTreeSet<String>) -> Result<(), LoraError> {
    let wanted = match &config.targets {
        Targets::AllLinear => return Ok(()),
        Targets::Pattern(pattern) => {
            if !found.is_empty() {
                return Ok(());
            }
            pattern
        }
        Targets::Names(wanted) => {
            let met = |wanted: &&String| {
                let one = std::slice::from_ref(*wanted);
                found.iter().any(|name| Matcher::Names(one).matches(name))
            };
            match wanted.iter().find(|wanted| !met(wanted)) {
                None if !wanted.is_empty() => return Ok(()),
                missing => missing.map_or("", String::as_str),
            }
        }
    };
    let hidden = config.vision == Vision::Excluded;
    let hint = if hidden { "; maps of the vision tower are left out unless vision is asked for" } else { "" };
    Err(LoraError::NoMatch { target: wanted.to_owned(), known: endings(names), hint: hint.to_owned() })
}

/// The last parts of names, each once.
fn endings(names: &[String]) -> String {
    let endings: BTreeSet<&str> = names.iter().map(|name| targets::last_part(name)).collect();
    endings.into_iter().collect::<Vec<_>>().join(", ")
}

fn patterns<T: Copy>(map: &[(String, T)]) -> Result<Vec<(Regex, T)>, LoraError> {
    map.iter().map(|(pattern, value)| Ok((targets::ending(pattern)?, *value))).collect()
}

/// The value of the first pattern that matches a module in either spelling.
fn matching<T: Copy>(patterns: &[(Regex, T)], name: &str) -> Option<T> {
    let spellings = targets::spellings(name);
    let hit = patterns.iter().find(|(pattern, _)| spellings.iter().any(|name| pattern.is_match(name)));
    hit.map(|(_, value)| *value)
}
