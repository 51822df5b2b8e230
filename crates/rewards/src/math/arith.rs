//! Arithmetic: sums, products, powers and everything that binds tighter.

use super::cursor::{Cursor, Degrees, Parsed};
use super::expr::{Constant, Expr, Function, Number};
use super::functions;
use super::lexer::Token;
use super::ratio::Ratio;
use crate::UnparsedKind;

/// Whether a function name may begin a factor; the argument of a function without brackets ends before the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    Allowed,
    Stop,
}

/// A factor, and whether it is a bare number or fraction as written.
struct Factor {
    expr: Expr,
    written: Written,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Digits,
    Fraction,
    Other,
}

/// `term ± term ± …`
pub(crate) fn sum(c: &mut Cursor) -> Parsed<Expr> {
    c.nested(|c| {
        let mut left = product(c, Calls::Allowed)?;
        loop {
            if c.take_sign('+') {
                left = Expr::sum(left, product(c, Calls::Allowed)?);
            } else if c.take_sign('-') {
                left = Expr::minus(left, product(c, Calls::Allowed)?);
            } else {
                return Ok(left);
            }
        }
    })
}

/// `factor · factor / factor : …`
pub(crate) fn product(c: &mut Cursor, calls: Calls) -> Parsed<Expr> {
    let mut left = signed(c, calls)?;
    loop {
        if c.take_sign('*') || c.take_command("times") || c.take_command("cdot") || c.take_command("ast") {
            left = Expr::product(left, signed(c, calls)?);
        } else if c.take_sign('/') || c.take_sign(':') || c.take_command("div") || c.take_command("colon") {
            left = Expr::quotient(left, signed(c, calls)?);
        } else {
            return Ok(left);
        }
    }
}

fn signed(c: &mut Cursor, calls: Calls) -> Parsed<Expr> {
    let mut negative = false;
    while c.is_sign('+') || c.is_sign('-') {
        negative ^= c.is_sign('-');
        c.advance();
    }
    let expr = juxtaposed(c, calls)?;
    Ok(if negative { expr.negated() } else { expr })
}

/// Factors side by side. `2\frac{1}{3}` is a mixed number; two bare numbers side by side are no number at all.
fn juxtaposed(c: &mut Cursor, calls: Calls) -> Parsed<Expr> {
    let mut last = factor(c)?;
    let mut done = Vec::new();
    while starts_factor(c, calls) {
        let next = factor(c)?;
        match (last.written, next.written) {
            (Written::Digits | Written::Fraction, Written::Digits) => return Err(UnparsedKind::Ambiguous),
            (Written::Digits, Written::Fraction) => {
                last = Factor { expr: mixed(last.expr, next.expr), written: Written::Fraction };
            }
            _ => done.push(std::mem::replace(&mut last, next).expr),
        }
    }
    Ok(done.into_iter().rev().fold(last.expr, |product, factor| Expr::product(factor, product)))
}

/// `w a/b` = w + a/b for an integer w and a positive fraction; a product otherwise.
fn mixed(whole: Expr, fraction: Expr) -> Expr {
    if let (Expr::Number(w), Expr::Number(f)) = (&whole, &fraction)
        && let (Some(_), Some(a), Some(b)) = (w.integer(), w.exact, f.exact)
        && !b.is_negative()
        && b != Ratio::ZERO
        && let Some(total) = a.add(b)
    {
        return Expr::ratio(total);
    }
    Expr::product(whole, fraction)
}

fn starts_factor(c: &Cursor, calls: Calls) -> bool {
    match c.peek() {
        Some(Token::Number(_) | Token::Letter(_) | Token::Name(_) | Token::Sign('(' | '[' | '{')) => true,
        Some(Token::Sign('|')) => c.open_bars == 0,
        Some(Token::Command(name)) => match functions::kind(name) {
            functions::Kind::Call => calls == Calls::Allowed,
            functions::Kind::Atom => true,
            functions::Kind::Other => false,
        },
        _ => false,
    }
}

/// An atom with its powers and postfix signs.
fn factor(c: &mut Cursor) -> Parsed<Factor> {
    let written = match c.peek() {
        Some(Token::Number(_)) => Written::Digits,
        Some(Token::Command(name)) if name == "frac" => Written::Fraction,
        _ => Written::Other,
    };
    let mut factor = Factor { expr: atom(c)?, written };
    loop {
        let expr = match c.peek() {
            Some(Token::Sign('^')) => {
                c.advance();
                Expr::power(factor.expr, exponent(c)?)
            }
            Some(Token::Sign('!')) => {
                c.advance();
                Expr::Call(Function::Factorial, vec![factor.expr])
            }
            Some(Token::Percent) => {
                c.advance();
                Expr::Percent(Box::new(factor.expr))
            }
            Some(Token::Degree) => {
                c.advance();
                in_degrees(factor.expr, c.degrees)
            }
            _ => return Ok(factor),
        };
        factor = Factor { expr, written: Written::Other };
    }
}

fn in_degrees(expr: Expr, degrees: Degrees) -> Expr {
    match degrees {
        Degrees::Drop => expr,
        Degrees::Convert => {
            let factor = Expr::quotient(Expr::Constant(Constant::Pi), Expr::integer(180));
            Expr::product(expr, factor)
        }
    }
}

fn exponent(c: &mut Cursor) -> Parsed<Expr> {
    c.nested(|c| {
        if c.is_sign('{') {
            return braced(c);
        }
        if c.take_sign('-') {
            return exponent(c).map(Expr::negated);
        }
        atom(c)
    })
}

/// `{…}`, with `a \over b` and `n \choose k` inside.
pub(crate) fn braced(c: &mut Cursor) -> Parsed<Expr> {
    c.expect_sign('{')?;
    let bars = std::mem::take(&mut c.open_bars);
    let upper = sum(c)?;
    let expr = if c.take_command("over") {
        Expr::quotient(upper, sum(c)?)
    } else if c.take_command("choose") {
        Expr::Call(Function::Binomial, vec![upper, sum(c)?])
    } else {
        upper
    };
    c.open_bars = bars;
    c.expect_sign('}')?;
    Ok(expr)
}

/// The argument of a command: braces, or one token of which a number gives only its first digit.
pub(crate) fn argument(c: &mut Cursor) -> Parsed<Expr> {
    if c.is_sign('{') {
        return c.nested(braced);
    }
    if let Some(Token::Number(digits)) = c.peek().cloned()
        && let Some((first, rest)) = digits.split_at_checked(1)
        && !rest.is_empty()
        && first != "."
    {
        c.replace(Token::Number(rest.to_owned()));
        return Ok(Expr::Number(Number::parse(first)));
    }
    c.nested(atom)
}

/// One thing: a number, a name, a group or a command with its arguments.
pub(crate) fn atom(c: &mut Cursor) -> Parsed<Expr> {
    c.nested(|c| match c.peek() {
        Some(Token::Sign('{')) => braced(c),
        Some(Token::Sign('(')) => group(c, '(', ')'),
        Some(Token::Sign('[')) => group(c, '[', ']'),
        Some(Token::Sign('|')) => absolute(c),
        _ => match c.next() {
            Some(Token::Number(digits)) => number(c, &digits),
            Some(Token::Letter(letter)) => name(c, &letter.to_string()),
            Some(Token::Name(word)) => word_or_number(c, &word),
            Some(Token::Command(command)) => functions::apply(c, &command),
            _ => Err(UnparsedKind::NotAnExpression),
        },
    })
}

fn number(c: &mut Cursor, digits: &str) -> Parsed<Expr> {
    if c.take_sign('_') {
        argument(c)?;
    }
    Ok(Expr::Number(Number::parse(digits)))
}

fn word_or_number(c: &mut Cursor, word: &str) -> Parsed<Expr> {
    if word.is_empty() {
        return Err(UnparsedKind::NotAnExpression);
    }
    if Ratio::parse(word).is_some() {
        return Ok(Expr::Number(Number::parse(word)));
    }
    let word = word.to_lowercase();
    Ok(Expr::Symbol(subscripted(c, word)?))
}

/// A letter with its subscript; `e` and `I` are numbers.
pub(crate) fn name(c: &mut Cursor, letter: &str) -> Parsed<Expr> {
    let plain = !c.is_sign('_');
    match letter {
        "e" if plain => Ok(Expr::Constant(Constant::E)),
        "I" if plain => Ok(Expr::Constant(Constant::I)),
        _ => Ok(Expr::Symbol(subscripted(c, letter.to_lowercase())?)),
    }
}

fn subscripted(c: &mut Cursor, name: String) -> Parsed<String> {
    if !c.take_sign('_') {
        return Ok(name);
    }
    let subscript = if let Some((inside, _)) = c.bracketed().filter(|_| c.is_sign('{')) {
        let text: String = inside.iter().map(spell).collect();
        let count = inside.len() + 2;
        (0..count).for_each(|_| c.advance());
        text
    } else {
        c.next().as_ref().map(spell).unwrap_or_default()
    };
    Ok(format!("{name}_{}", subscript.to_lowercase()))
}

fn spell(token: &Token) -> String {
    match token {
        Token::Number(text) | Token::Name(text) | Token::Command(text) => text.clone(),
        Token::Letter(letter) | Token::Sign(letter) => letter.to_string(),
        other => format!("{other:?}"),
    }
}

fn group(c: &mut Cursor, open: char, close: char) -> Parsed<Expr> {
    c.expect_sign(open)?;
    let bars = std::mem::take(&mut c.open_bars);
    let inner = sum(c)?;
    c.open_bars = bars;
    c.expect_sign(close)?;
    Ok(inner)
}

fn absolute(c: &mut Cursor) -> Parsed<Expr> {
    c.expect_sign('|')?;
    c.open_bars += 1;
    let inner = sum(c)?;
    c.open_bars -= 1;
    c.expect_sign('|')?;
    Ok(Expr::Call(Function::Abs, vec![inner]))
}
