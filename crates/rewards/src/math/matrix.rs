//! `\begin{pmatrix} a & b \\ c & d \end{pmatrix}` and its relatives.

use super::arith;
use super::cursor::{Cursor, Parsed};
use super::expr::{Expr, Value};
use super::lexer::Token;
use super::limits;
use crate::UnparsedKind;

/// Rows and columns a determinant may have.
const MAX_DETERMINANT: usize = 4;

pub(super) fn parse(c: &mut Cursor) -> Parsed<Value> {
    c.advance();
    let kind = environment(c)?;
    if kind == "array" {
        environment(c)?;
    } else if !kind.ends_with("matrix") {
        return Err(UnparsedKind::NotAnExpression);
    }
    let rows = rows(c)?;
    if kind != environment(c)? || rows.iter().any(|row| row.len() != rows[0].len()) {
        return Err(UnparsedKind::NotAnExpression);
    }
    match kind.as_str() {
        "vmatrix" => determinant(&rows).map(Value::Expr).ok_or(UnparsedKind::NotAnExpression),
        _ => Ok(Value::Matrix(rows)),
    }
}

/// The letters between braces.
fn environment(c: &mut Cursor) -> Parsed<String> {
    c.expect_sign('{')?;
    let mut name = String::new();
    while let Some(Token::Letter(letter)) = c.peek() {
        name.push(*letter);
        c.advance();
    }
    c.expect_sign('}')?;
    Ok(name)
}

/// Cells up to `\end`.
fn rows(c: &mut Cursor) -> Parsed<Vec<Vec<Expr>>> {
    let mut rows = vec![Vec::new()];
    let mut cells = 0;
    while !c.take_command("end") {
        let row = rows.last_mut().ok_or(UnparsedKind::NotAnExpression)?;
        row.push(arith::sum(c)?);
        cells += 1;
        if cells > limits::MAX_ELEMENTS {
            return Err(UnparsedKind::TooLarge);
        }
        let row_ends = c.peek() == Some(&Token::RowEnd);
        if c.is_sign('&') || row_ends {
            c.advance();
        }
        if row_ends && !c.is_command("end") {
            rows.push(Vec::new());
        }
    }
    Ok(rows)
}

/// Laplace expansion along the first row.
fn determinant(rows: &[Vec<Expr>]) -> Option<Expr> {
    let first = rows.first()?;
    if rows.len() != first.len() || rows.len() > MAX_DETERMINANT {
        return None;
    }
    if let [only] = first.as_slice() {
        return Some(only.clone());
    }
    let mut total = Expr::integer(0);
    for (column, entry) in first.iter().enumerate() {
        let without = |row: &Vec<Expr>| {
            let kept = row.iter().enumerate().filter(|(at, _)| *at != column);
            kept.map(|(_, cell)| cell.clone()).collect::<Vec<_>>()
        };
        let minor: Vec<Vec<Expr>> = rows[1..].iter().map(without).collect();
        let term = Expr::product(entry.clone(), determinant(&minor)?);
        total = Expr::sum(total, if column % 2 == 0 { term } else { term.negated() });
    }
    Some(total)
}
