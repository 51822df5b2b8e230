//! Commands: fractions, roots, named functions, Greek letters.

use super::arith::{Calls, argument, atom, braced, name, product, sum};
use super::cursor::{Cursor, Parsed};
use super::expr::{Constant, Expr, Function, Number};
use super::lexer::Token;
use crate::UnparsedKind;

/// What a command can stand for inside a product.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A function that takes the factors after it.
    Call,
    /// A factor of its own.
    Atom,
    /// An operator, a relation, or something unknown.
    Other,
}

const STRUCTURES: [&str; 14] = [
    "frac", "dfrac", "tfrac", "cfrac", "sqrt", "binom", "dbinom", "infty", "lfloor", "lceil", "lvert",
    "boxed", "fbox", "vert",
];

const NAMES: [&str; 41] = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "varepsilon",
    "zeta",
    "eta",
    "theta",
    "vartheta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "varphi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Phi",
    "Psi",
    "Omega",
    "ell",
    "angle",
    "triangle",
    "hbar",
    "parallelogram",
];

pub(crate) fn kind(command: &str) -> Kind {
    if function(command).is_some() {
        Kind::Call
    } else if STRUCTURES.contains(&command) || NAMES.contains(&command) {
        Kind::Atom
    } else {
        Kind::Other
    }
}

fn function(command: &str) -> Option<Function> {
    Some(match command {
        "sin" => Function::Sin,
        "cos" => Function::Cos,
        "tan" => Function::Tan,
        "csc" => Function::Csc,
        "sec" => Function::Sec,
        "cot" => Function::Cot,
        "arcsin" => Function::Arcsin,
        "arccos" => Function::Arccos,
        "arctan" => Function::Arctan,
        "sinh" => Function::Sinh,
        "cosh" => Function::Cosh,
        "tanh" => Function::Tanh,
        "exp" => Function::Exp,
        "ln" | "log" | "lg" => Function::Log,
        "max" => Function::Max,
        "min" => Function::Min,
        "gcd" => Function::Gcd,
        "lcm" => Function::Lcm,
        _ => return None,
    })
}

/// Parses what follows a command that begins a factor.
pub(crate) fn apply(c: &mut Cursor, command: &str) -> Parsed<Expr> {
    match command {
        "frac" | "dfrac" | "tfrac" | "cfrac" => fraction(c),
        "binom" | "dbinom" => Ok(Expr::Call(Function::Binomial, vec![argument(c)?, argument(c)?])),
        "sqrt" => root(c),
        "infty" => Ok(Expr::Constant(Constant::Infinity)),
        "pi" => Ok(Expr::Constant(Constant::Pi)),
        "boxed" | "fbox" => braced(c),
        "lfloor" => between(c, "rfloor", Function::Floor),
        "lceil" => between(c, "rceil", Function::Ceil),
        "lvert" => between(c, "rvert", Function::Abs),
        "vert" => between(c, "vert", Function::Abs),
        "log" | "ln" | "lg" => logarithm(c, command),
        _ => match function(command) {
            Some(called) => call(c, called),
            None if NAMES.contains(&command) => name(c, command),
            None => Err(UnparsedKind::NotAnExpression),
        },
    }
}

/// `\frac{a}{b}`, `\frac12`: the second argument takes all its digits.
fn fraction(c: &mut Cursor) -> Parsed<Expr> {
    let upper = argument(c)?;
    let lower = match c.peek() {
        Some(Token::Number(_)) => atom(c)?,
        _ => argument(c)?,
    };
    Ok(Expr::quotient(upper, lower))
}

fn root(c: &mut Cursor) -> Parsed<Expr> {
    let index = if c.take_sign('[') {
        let index = sum(c)?;
        c.expect_sign(']')?;
        index
    } else {
        Expr::integer(2)
    };
    let inner = argument(c)?;
    Ok(Expr::power(inner, Expr::quotient(Expr::integer(1), index)))
}

fn between(c: &mut Cursor, close: &str, called: Function) -> Parsed<Expr> {
    let inner = sum(c)?;
    if !c.take_command(close) {
        return Err(UnparsedKind::NotAnExpression);
    }
    Ok(Expr::Call(called, vec![inner]))
}

/// `\log` is to base 10 unless a base is written.
fn logarithm(c: &mut Cursor, command: &str) -> Parsed<Expr> {
    let base = if c.take_sign('_') {
        base(c)?
    } else if command == "ln" {
        Expr::Constant(Constant::E)
    } else {
        Expr::integer(10)
    };
    let mut arguments = applied(c)?;
    arguments.truncate(1);
    arguments.push(base);
    Ok(Expr::Call(Function::Log, arguments))
}

/// The base after `_`: a bare number is split only when no argument follows it.
fn base(c: &mut Cursor) -> Parsed<Expr> {
    if let Some(Token::Number(digits)) = c.peek().cloned() {
        c.advance();
        let argument_follows =
            !c.at_end() && !matches!(c.peek(), Some(Token::Sign(s)) if "+-*/=,)}]".contains(*s));
        if argument_follows || digits.len() < 2 {
            return Ok(Expr::Number(Number::parse(&digits)));
        }
        return Err(UnparsedKind::NotAnExpression);
    }
    argument(c)
}

fn call(c: &mut Cursor, called: Function) -> Parsed<Expr> {
    if !c.take_sign('^') {
        return Ok(Expr::Call(called, applied(c)?));
    }
    let power = if c.take_sign('-') { argument(c)?.negated() } else { argument(c)? };
    let arguments = applied(c)?;
    match inverse(called).filter(|_| power == Expr::integer(-1)) {
        Some(inverse) => Ok(Expr::Call(inverse, arguments)),
        None => Ok(Expr::power(Expr::Call(called, arguments), power)),
    }
}

fn inverse(called: Function) -> Option<Function> {
    match called {
        Function::Sin => Some(Function::Arcsin),
        Function::Cos => Some(Function::Arccos),
        Function::Tan => Some(Function::Arctan),
        _ => None,
    }
}

/// The arguments: a bracketed list, or the factors up to the next function.
fn applied(c: &mut Cursor) -> Parsed<Vec<Expr>> {
    if !c.take_sign('(') {
        return c.nested(|c| product(c, Calls::Stop)).map(|argument| vec![argument]);
    }
    let mut arguments = vec![sum(c)?];
    while c.take_sign(',') {
        arguments.push(sum(c)?);
    }
    c.expect_sign(')')?;
    Ok(arguments)
}
