//! `{% generation %}` blocks, which transformers adds to Jinja to mark assistant text.

/// Replaces the tags by a condition that always holds: the text inside renders unchanged and the
/// whitespace control of the tags keeps its meaning.
pub(super) fn rewrite(source: &str) -> String {
    let mut output = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at);
        output.push_str(before);
        let end = tag.find("%}").map_or(tag.len(), |end| end + 2);
        output.push_str(&rewrite_tag(&tag[..end]));
        rest = &tag[end..];
    }
    output.push_str(rest);
    output
}

fn rewrite_tag(tag: &str) -> String {
    let word = tag.trim_start_matches("{%").trim_end_matches("%}").trim_matches(['-', '+']).trim();
    let replacement = match word {
        "generation" => "if true",
        "endgeneration" => "endif",
        _ => return tag.to_owned(),
    };
    tag.replacen(word, replacement, 1)
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    #[test]
    fn generation_tags_become_conditions_and_keep_their_whitespace_control() {
        let source = "a{%- generation -%} b {%endgeneration%}{% if x %}c{% endif %}";
        assert_eq!(rewrite(source), "a{%- if true -%} b {%endif%}{% if x %}c{% endif %}");
    }

    #[test]
    fn a_tag_that_never_closes_is_left_for_the_compiler() {
        assert_eq!(rewrite("{% generation"), "{% if true");
        assert_eq!(rewrite("{% foo"), "{% foo");
    }
}
