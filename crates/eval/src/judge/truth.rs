//! True or false.

/// The first whole word `true` or `false`, in any case; words end where letters and digits end.
///
/// ```
/// use eval::judge::truth_value;
/// assert_eq!(truth_value("TRUE"), Some(true));
/// assert_eq!(truth_value("It is false."), Some(false));
/// assert_eq!(truth_value("True, not false"), Some(true));
/// assert_eq!(truth_value("untrue"), None);
/// assert_eq!(truth_value(""), None);
/// ```
pub fn truth_value(reply: &str) -> Option<bool> {
    reply.split(|c: char| !c.is_alphanumeric()).find_map(|word| match word {
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    })
}
