//! A histogram as SVG, its bars stacked by group.

use std::fmt::Write;

use super::chart::COLOURS;
use super::escape::Text;
use super::scale::{Scale, short};

/// Bars of a histogram.
const BINS: usize = 24;
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 548.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 172.0;

/// A figure of the values of each group; nothing when there are none.
pub(super) fn figure(title: &str, groups: &[(&str, Vec<f64>)], x_label: &str) -> String {
    let groups: Vec<&(&str, Vec<f64>)> = groups.iter().filter(|(_, values)| !values.is_empty()).collect();
    let all = || groups.iter().flat_map(|(_, values)| values.iter().copied()).filter(|v| v.is_finite());
    let Some(x) = Scale::over(all(), LEFT, RIGHT).map(|scale| scale.rounded(6)) else { return String::new() };
    let counts: Vec<[usize; BINS]> = groups.iter().map(|(_, values)| count(values, x)).collect();
    let tallest = (0..BINS).map(|bin| counts.iter().map(|c| c[bin]).sum::<usize>()).max().unwrap_or(0);
    let Some(y) = Scale::over([0.0, tallest as f64].into_iter(), BOTTOM, TOP) else { return String::new() };
    let mut out =
        format!("<figure class=\"chart\"><figcaption>{}</figcaption><ul class=\"legend\">", Text(title));
    for (index, (name, values)) in groups.iter().enumerate() {
        let _ = write!(
            out,
            "<li class=\"c{}\"><i></i>{} <b>{}</b></li>",
            index % COLOURS,
            Text(name),
            values.len()
        );
    }
    let _ = write!(
        out,
        "</ul><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        Text(title)
    );
    out += &axis(x, y, x_label);
    out += &bars(&counts, y);
    out + "</svg></figure>"
}

fn count(values: &[f64], x: Scale) -> [usize; BINS] {
    let mut counts = [0; BINS];
    for value in values.iter().filter(|value| value.is_finite()) {
        let share = (x.at(*value) - LEFT) / (RIGHT - LEFT);
        counts[((share * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    counts
}

fn axis(x: Scale, y: Scale, x_label: &str) -> String {
    let mut out = String::from("<g class=\"axis\">");
    for tick in y.ticks(3).into_iter().filter(|tick| tick.fract() == 0.0) {
        let at = y.at(tick);
        let _ = write!(out, "<path d=\"M{LEFT} {at:.1}H{RIGHT}\"/>");
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" class=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            short(tick)
        );
    }
    for tick in x.ticks(6) {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" class=\"mid\">{}</text>",
            x.at(tick),
            BOTTOM + 16.0,
            short(tick)
        );
    }
    let _ = write!(
        out,
        "<text x=\"{RIGHT}\" y=\"{}\" class=\"end name\">{}</text></g>",
        HEIGHT - 1.0,
        Text(x_label)
    );
    out
}

fn bars(counts: &[[usize; BINS]], y: Scale) -> String {
    let width = (RIGHT - LEFT) / BINS as f64;
    let mut out = String::new();
    for bin in 0..BINS {
        let mut below = 0.0;
        for (group, counts) in counts.iter().enumerate().filter(|(_, counts)| counts[bin] > 0) {
            let top = below + counts[bin] as f64;
            let left = LEFT + bin as f64 * width;
            let _ = write!(
                out,
                "<rect class=\"c{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                group % COLOURS,
                left + 1.0,
                y.at(top),
                width - 2.0,
                y.at(below) - y.at(top),
            );
            below = top;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_in_a_bar() {
        let x = Scale::over([0.0, 10.0].into_iter(), LEFT, RIGHT).unwrap();
        let counts = count(&[0.0, 5.0, 10.0, f64::NAN], x);
        assert_eq!((counts[0], counts[BINS - 1], counts.iter().sum::<usize>()), (1, 1, 3));
        assert_eq!(figure("x", &[("none", vec![])], "tokens"), "");
        assert!(figure("x", &[("one", vec![3.0; 5])], "tokens").contains("<rect"));
    }
}
