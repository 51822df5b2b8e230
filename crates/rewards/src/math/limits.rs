//! Every bound of the math judge in one place. Past a bound the answer is [`TooLarge`](crate::UnparsedKind::TooLarge).

/// Bytes of a text in which an answer is looked for.
pub(crate) const MAX_TEXT: usize = 4 << 20;

/// Bytes of one expression.
pub(crate) const MAX_EXPRESSION: usize = 4096;

/// Tokens of one expression.
pub(crate) const MAX_TOKENS: usize = 2048;

/// Levels of brackets, powers and fractions.
pub(crate) const MAX_DEPTH: usize = 48;

/// Elements of one set, tuple or list.
pub(crate) const MAX_ELEMENTS: usize = 128;

/// Places in a text at which an answer is tried.
pub(crate) const MAX_TRIES: usize = 32;

/// Steps that one comparison may take.
pub(crate) const MAX_STEPS: usize = 100_000;
