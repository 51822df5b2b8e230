//! The judge of boxed answers.

use super::normal::{has_angles, normalise};
use super::split::{MAX_ITEMS, items, outside_brackets};
use crate::math::cursor::Degrees;
use crate::math::eval::{Budget, approx, exact};
use crate::math::expr::{Expr, RelOp, Value};
use crate::math::{equal, limits, parser};
use crate::reward::against_gold;
use crate::text::boxed::last_boxed;
use crate::{Group, Outcome, RewardError, RewardFn, Role, Sample, UnparsedKind};

/// Points at which expressions with names are compared.
const POINTS: u64 = 8;

/// Relative difference at a point below which values agree.
const AGREEMENT: f64 = 1e-6;

/// How far numbers may be apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JudgeMode {
    /// max(10⁻⁶, min(0.0101, 0.01·|g|))
    #[default]
    Tolerant,
    /// 10⁻⁶; what the published judge amounts to, because its tolerance almost never ran.
    Strict,
}

impl JudgeMode {
    fn accepts(self, difference: f64, gold: f64) -> bool {
        let tolerance = match self {
            Self::Tolerant => (0.01 * gold.abs()).clamp(1e-6, 0.0101),
            Self::Strict => 1e-6,
        };
        difference.abs() <= tolerance
    }
}

/// Compares the last box of a response with the gold solution: items are paired in any order, each equal as a string,
/// a number within the tolerance, an interval or tuple, an expression, or an equation up to an integer factor.
///
/// ```
/// use rewards::{BoxedJudge, JudgeMode};
/// let tolerant = BoxedJudge::default();
/// assert_eq!(tolerant.judge(r"\boxed{7.07}", r"\boxed{5\sqrt{2}}").value(), Some(1.0));
/// let strict = BoxedJudge::new(JudgeMode::Strict);
/// assert_eq!(strict.judge(r"\boxed{7.07}", r"\boxed{5\sqrt{2}}").value(), Some(0.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoxedJudge {
    mode: JudgeMode,
}

impl BoxedJudge {
    /// A judge with the given tolerance.
    ///
    /// ```
    /// use rewards::{BoxedJudge, JudgeMode};
    /// assert_eq!(BoxedJudge::new(JudgeMode::Tolerant), BoxedJudge::default());
    /// ```
    pub const fn new(mode: JudgeMode) -> Self {
        Self { mode }
    }

    /// Judges a response against a solution, or against a bare answer where the solution has no box.
    ///
    /// ```
    /// use rewards::{BoxedJudge, Outcome, UnparsedKind};
    /// assert_eq!(BoxedJudge::default().judge("20", r"\boxed{20}"), Outcome::Unparsed(UnparsedKind::NoBox));
    /// ```
    pub fn judge(&self, response: &str, solution: &str) -> Outcome {
        match self.rule(response, solution) {
            Ok(rule) => Outcome::from(rule.is_some()),
            Err(unparsed) => Outcome::Unparsed(unparsed),
        }
    }

    /// The rule by which a response agrees with a solution; `None` if it does not.
    ///
    /// ```
    /// use rewards::{BoxedJudge, BoxedRule};
    /// let rule = BoxedJudge::default().rule(r"\boxed{\frac{1}{2}}", r"\boxed{0.5}");
    /// assert_eq!(rule, Ok(Some(BoxedRule::Number)));
    /// ```
    pub fn rule(&self, response: &str, solution: &str) -> Result<Option<BoxedRule>, UnparsedKind> {
        let gold = last_boxed(solution).unwrap_or(solution);
        let Some(answer) = last_boxed(response) else { return Err(UnparsedKind::NoBox) };
        if answer.len() > limits::MAX_EXPRESSION || gold.len() > limits::MAX_EXPRESSION {
            return Err(UnparsedKind::TooLarge);
        }
        Ok(self.same(&normalise(answer), &normalise(gold)))
    }

    fn same(&self, answer: &str, gold: &str) -> Option<BoxedRule> {
        if !gold.is_empty() && answer == gold {
            return Some(BoxedRule::Identical);
        }
        let (mut left, gold) = (items(answer), items(gold));
        if gold.is_empty() || gold.len() > MAX_ITEMS || left.len() != gold.len() {
            return None;
        }
        let budget = Budget::new();
        let mut rule = None;
        for g in &gold {
            let (at, found) =
                left.iter().enumerate().find_map(|(at, p)| Some((at, self.same_item(p, g, &budget)?)))?;
            left.swap_remove(at);
            rule = Some(if gold.len() == 1 { found } else { BoxedRule::Items });
        }
        rule
    }

    fn same_item(&self, p: &str, g: &str, budget: &Budget) -> Option<BoxedRule> {
        if p == g {
            return Some(BoxedRule::Identical);
        }
        if let (Some(p), Some(g)) = (unions(p), unions(g)) {
            let same = p.len() == g.len() && p.iter().zip(&g).all(|(p, g)| self.same_bracket(p, g, budget));
            return same.then_some(BoxedRule::Interval);
        }
        let same = |p: &str, g: &str| self.same_expr(p, g, budget);
        match (p.strip_suffix('%'), g.strip_suffix('%')) {
            (Some(p), None) => same(p, g).or_else(|| same(&format!("({p})/100"), g)),
            (None, Some(g)) => same(p, g).or_else(|| same(p, &format!("({g})/100"))),
            (Some(p), Some(g)) => same(p, g),
            (None, None) => same(p, g),
        }
    }

    fn same_bracket(&self, p: &Bracketed<'_>, g: &Bracketed<'_>, budget: &Budget) -> bool {
        let parts = || p.parts.iter().zip(&g.parts).all(|(p, g)| self.same_expr(p, g, budget).is_some());
        p.open == g.open && p.close == g.close && p.parts.len() == g.parts.len() && parts()
    }

    fn same_expr(&self, p: &str, g: &str, budget: &Budget) -> Option<BoxedRule> {
        match (read(p), read(g)) {
            (Some(Value::Expr(p)), Some(Value::Expr(g))) => self.same_value(&p, &g, budget),
            (Some(Value::Relation(p, ps)), Some(Value::Relation(g, gs))) => {
                let sides = (difference(*p, ps), difference(*g, gs));
                let same = matches!(sides, (Some(p), Some(g)) if proportional(&p, &g, budget));
                same.then_some(BoxedRule::Equation)
            }
            // An inequality and the interval it describes, whichever side either is on.
            (Some(p), Some(g)) => {
                let same = equal::values(&g, &p, budget) || equal::values(&p, &g, budget);
                same.then_some(BoxedRule::Interval)
            }
            _ => None,
        }
    }

    fn same_value(&self, p: &Expr, g: &Expr, budget: &Budget) -> Option<BoxedRule> {
        if p == g {
            return Some(BoxedRule::Expression);
        }
        let near = |difference, gold| self.mode.accepts(difference, gold).then_some(BoxedRule::Number);
        if let (Some(p), Some(g)) = (exact(p, budget), exact(g, budget))
            && let Some(difference) = p.add(g.neg())
        {
            return near(difference.to_f64(), g.to_f64());
        }
        match (has_names(p), has_names(g)) {
            (false, false) => {
                let (p, g) = (real(p, 0, budget)?, real(g, 0, budget)?);
                near(p - g, g)
            }
            (true, true) => agree(p, g, budget).then_some(BoxedRule::Expression),
            _ => None,
        }
    }
}

/// Why two boxed answers are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxedRule {
    /// They read the same once spellings are one.
    Identical,
    /// Their values are within the tolerance.
    Number,
    /// They are the same interval or tuple.
    Interval,
    /// They agree wherever their names are given values.
    Expression,
    /// One is a whole multiple of the other.
    Equation,
    /// Their items are the same in some order.
    Items,
}

impl BoxedRule {
    /// The rule in a word.
    ///
    /// ```
    /// assert_eq!(rewards::BoxedRule::Items.name(), "items");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Number => "number",
            Self::Interval => "interval",
            Self::Expression => "expression",
            Self::Equation => "equation",
            Self::Items => "items",
        }
    }
}

/// A list in brackets: an interval or a tuple.
struct Bracketed<'t> {
    open: char,
    close: char,
    parts: Vec<&'t str>,
}

/// The intervals of a union, or one interval or tuple; `None` for anything else.
fn unions(text: &str) -> Option<Vec<Bracketed<'_>>> {
    text.split("\\cup").map(bracketed).collect()
}

fn bracketed(text: &str) -> Option<Bracketed<'_>> {
    let text = text.trim();
    let open = text.chars().next().filter(|c| "([".contains(*c))?;
    let close = text.chars().next_back().filter(|c| ")]".contains(*c))?;
    let parts = outside_brackets(text.get(1..text.len() - 1)?, ',');
    (parts.len() > 1).then(|| Bracketed { open, close, parts: parts.into_iter().map(str::trim).collect() })
}

fn read(text: &str) -> Option<Value> {
    let degrees = if has_angles(text) { Degrees::Convert } else { Degrees::Drop };
    parser::parse(text, degrees).ok()
}

/// `left − right` of a single equation.
fn difference(first: Value, links: Vec<(RelOp, Value)>) -> Option<Expr> {
    let mut links = links.into_iter();
    match (first, links.next(), links.next()) {
        (Value::Expr(left), Some((RelOp::Equal, Value::Expr(right))), None) => Some(Expr::minus(left, right)),
        _ => None,
    }
}

fn has_names(expr: &Expr) -> bool {
    let mut names = Vec::new();
    expr.symbols(&mut names);
    !names.is_empty()
}

fn real(expr: &Expr, seed: u64, budget: &Budget) -> Option<f64> {
    approx(expr, seed, budget).map(|found| found.value).filter(|v| v.is_real() && v.is_finite()).map(|v| v.re)
}

/// Equality at all points where both sides are real; at least one such point is needed.
fn agree(p: &Expr, g: &Expr, budget: &Budget) -> bool {
    let pairs = (0..POINTS).filter_map(|seed| Some((real(p, seed, budget)?, real(g, seed, budget)?)));
    let mut seen = 0;
    for (p, g) in pairs {
        if (p - g).abs() > AGREEMENT * p.abs().max(g.abs()).max(1e-12) {
            return false;
        }
        seen += 1;
    }
    seen > 0
}

/// Whether one side is a constant integer multiple of the other.
fn proportional(p: &Expr, g: &Expr, budget: &Budget) -> bool {
    let ratio =
        |seed| Some(real(p, seed, budget)? / real(g, seed, budget)?).filter(|r| r.is_finite() && *r != 0.0);
    let ratios: Vec<f64> = (0..POINTS).filter_map(ratio).collect();
    let Some(&first) = ratios.first() else { return false };
    let constant = ratios.iter().all(|r| (r - first).abs() <= AGREEMENT * first.abs());
    let whole = |r: f64| r.round() != 0.0 && (r - r.round()).abs() <= AGREEMENT * r.abs();
    ratios.len() as u64 == POINTS && constant && (whole(first) || whole(first.recip()))
}

impl RewardFn for BoxedJudge {
    fn name(&self) -> &str {
        match self.mode {
            JudgeMode::Tolerant => "boxed_accuracy",
            JudgeMode::Strict => "boxed_accuracy_strict",
        }
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        against_gold(group, |text, gold| self.judge(text, gold))
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        sample.gold_text().map(drop)
    }

    fn role(&self) -> Role {
        Role::Correctness
    }
}
