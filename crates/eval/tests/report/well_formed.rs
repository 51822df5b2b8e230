//! Whether a page is one tree of elements.

/// Elements without an end.
const VOID: [&str; 4] = ["meta", "img", "path", "rect"];

/// Panics where an element is closed that is not the last one opened, or stays open.
pub fn check(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("a page of HTML");
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        let end = tag.find('>').expect("a tag ends");
        let (inside, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "near {:?}", around(after));
            continue;
        }
        let name = inside.split([' ', '/']).next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{inside:?} is no tag");
        assert_eq!(inside.matches('"').count() % 2, 0, "{inside:?}");
        if inside.ends_with('/') || VOID.contains(&name) {
            continue;
        }
        open.push(name);
        // Styles and scripts hold no markup.
        if let "style" | "script" = name {
            rest = &rest[rest.find("</").expect("the end of a style or script")..];
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "elements stay open");
}

fn around(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The text that a reader sees, one line for each element that holds some.
pub fn outline(page: &str) -> String {
    let body = page.split_once("<body>").expect("a body").1;
    let body = body.split_once("<script>").map_or(body, |(body, _)| body);
    let texts = body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}
