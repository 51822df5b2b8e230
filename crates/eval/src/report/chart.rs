//! A line chart as SVG.

use std::fmt::Write;

use super::escape::Text;
use super::scale::{Scale, short};
use super::series::{Point, Series};

/// Colours of the style sheet.
pub(super) const COLOURS: usize = 8;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 548.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 202.0;
/// A line with at most so many points shows each of them.
const DOTS: usize = 32;
/// More lines than this are means alone: bands and runs on top of each other tell nobody apart.
const MAX_SPREADS: usize = 6;

/// A figure with a title, a legend that names the last values, and the lines; nothing when there is no point to draw.
pub(super) fn figure(title: &str, lines: &[Series], x_label: &str) -> String {
    let mut lines: Vec<Series> =
        lines.iter().filter(|line| !line.points.is_empty()).map(Series::thinned).collect();
    if lines.len() > MAX_SPREADS {
        lines = lines.into_iter().map(Series::bare).collect();
    }
    let points = || lines.iter().flat_map(|line| &line.points);
    // A band may reach beyond everything that was measured; the axis does not follow it there.
    let measured = |line: &Series| {
        let [low, high] = line.range;
        let ends = line.points.iter().flat_map(|p| [p.y - p.spread, p.y + p.spread]);
        ends.map(|y| y.clamp(low, high)).collect::<Vec<f64>>()
    };
    let runs = lines.iter().flat_map(|line| &line.runs).flatten().map(|(_, y)| *y);
    let ends = lines.iter().flat_map(measured).chain(runs);
    let (Some(x), Some(y)) =
        (Scale::over(points().map(|p| p.x), LEFT, RIGHT), Scale::over(ends, BOTTOM, TOP))
    else {
        return String::new();
    };
    let axes = Axes { x, y: y.rounded(5) };
    let mut out =
        format!("<figure class=\"chart\"><figcaption>{}</figcaption>{}", Text(title), legend(&lines));
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" data-lines=\"{}\">",
        Text(&spoken(title, &lines)),
        Text(&data(&lines, &axes)),
    );
    out += &axes.drawn(x_label);
    for (index, line) in lines.iter().enumerate() {
        out += &axes.line(line, index % COLOURS);
    }
    out += "</svg></figure>";
    out
}

fn legend(lines: &[Series]) -> String {
    let item = |(index, line): (usize, &Series)| {
        let last = line.last().map(short).unwrap_or_default();
        format!("<li class=\"c{}\"><i></i>{} <b>{last}</b></li>", index % COLOURS, Text(&line.name))
    };
    format!("<ul class=\"legend\">{}</ul>", lines.iter().enumerate().map(item).collect::<String>())
}

/// What a screen reader says.
fn spoken(title: &str, lines: &[Series]) -> String {
    let one = |line: &Series| {
        let ends = line.points.first().zip(line.points.last());
        ends.map_or(String::new(), |(a, b)| format!("; {} from {} to {}", line.name, short(a.y), short(b.y)))
    };
    format!("{title}{}", lines.iter().map(one).collect::<String>())
}

/// Names and points for the pointer: `[[name, [[pixel x, pixel y, x, y], …]], …]`.
fn data(lines: &[Series], axes: &Axes) -> String {
    let point = |p: &Point| {
        serde_json::json!([axes.x.at(p.x).round(), axes.y.at(p.y).round(), short(p.x), short(p.y)])
    };
    let one =
        |line: &Series| serde_json::json!([line.name, line.points.iter().map(point).collect::<Vec<_>>()]);
    serde_json::Value::from(lines.iter().map(one).collect::<Vec<_>>()).to_string()
}

struct Axes {
    x: Scale,
    y: Scale,
}

impl Axes {
    fn drawn(&self, x_label: &str) -> String {
        let mut out = String::from("<g class=\"axis\">");
        for tick in self.y.ticks(5) {
            let y = self.y.at(tick);
            let _ = write!(out, "<path d=\"M{LEFT} {y:.1}H{RIGHT}\"/>");
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{:.1}\" class=\"end\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                short(tick)
            );
        }
        for tick in self.x.whole_ticks(6) {
            let x = self.x.at(tick);
            let _ = write!(
                out,
                "<text x=\"{x:.1}\" y=\"{}\" class=\"mid\">{}</text>",
                BOTTOM + 17.0,
                short(tick)
            );
        }
        let _ = write!(
            out,
            "<text x=\"{RIGHT}\" y=\"{}\" class=\"end name\">{}</text></g>",
            HEIGHT - 4.0,
            Text(x_label)
        );
        out
    }

    fn line(&self, line: &Series, colour: usize) -> String {
        let mut out = format!("<g class=\"c{colour}\">");
        if line.points.iter().any(|p| p.spread > 0.0) {
            let upper = line.points.iter().map(|p| Point { y: self.y.cut(p.y + p.spread), ..*p });
            let lower = line.points.iter().rev().map(|p| Point { y: self.y.cut(p.y - p.spread), ..*p });
            let _ = write!(out, "<path class=\"band\" d=\"{}Z\"/>", self.path(upper.chain(lower)));
        }
        for run in &line.runs {
            let points = run.iter().map(|&(x, y)| Point { x, y, spread: 0.0 });
            let _ = write!(out, "<path class=\"raw\" d=\"{}\"/>", self.path(points));
        }
        let smooth = line.smoothed();
        if smooth.is_some() && line.runs.is_empty() {
            let _ = write!(out, "<path class=\"raw\" d=\"{}\"/>", self.path(line.points.iter().copied()));
        }
        let drawn = smooth.unwrap_or_else(|| line.points.clone());
        if drawn.len() > 1 {
            let _ = write!(out, "<path d=\"{}\"/>", self.path(drawn.into_iter()));
        }
        if line.points.len() <= DOTS {
            line.points.iter().for_each(|point| out += &self.dot(point));
        }
        out + "</g>"
    }

    fn dot(&self, point: &Point) -> String {
        format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>", self.x.at(point.x), self.y.at(point.y))
    }

    fn path(&self, points: impl Iterator<Item = Point>) -> String {
        let mut out = String::new();
        for (index, point) in points.enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let _ = write!(out, "{command}{:.1} {:.1}", self.x.at(point.x), self.y.at(point.y));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_points_make_no_figure_and_one_point_makes_a_dot() {
        assert_eq!(figure("loss", &[Series::joined("loss", &[])], "step"), "");
        let dot = figure("loss", &[Series::joined("loss", &[vec![(3.0, 0.5)]])], "step");
        assert!(dot.contains("<circle") && dot.contains("<b>0.5</b>"));
        assert!(dot.contains(">3</text>") && !dot.contains("class=\"c0\"><path"), "one tick, no line");
    }

    #[test]
    fn few_points_are_dots_at_whole_steps() {
        let run = vec![(1.0, 0.5), (2.0, 0.6), (3.0, 0.4)];
        let svg = figure("accuracy", &[Series::joined("accuracy", &[run])], "epoch");
        assert_eq!(svg.matches("<circle").count(), 3);
        for (tick, drawn) in [("1", true), ("2", true), ("3", true), ("1.5", false), ("2.5", false)] {
            assert_eq!(svg.contains(&format!("class=\"mid\">{tick}</text>")), drawn, "{tick}");
        }
    }

    #[test]
    fn an_axis_ends_where_measurements_end_and_many_lines_are_means_alone() {
        // Mean 0.5 and standard deviation 0.71: the band alone is below 0 and above 1.
        let line =
            |name: &str| Series::joined(name, &[vec![(0.0, 0.0), (1.0, 0.0)], vec![(0.0, 1.0), (1.0, 1.0)]]);
        let svg = figure("share", &[line("a")], "step");
        assert!(!svg.contains("−0.") && !svg.contains("class=\"end\">1.2"), "{svg}");
        assert!(svg.contains("class=\"band\""));
        let lines: Vec<Series> = ["a", "b", "c", "d", "e", "f", "g"].map(line).into();
        assert!(figure("share", &lines[..6], "step").contains("class=\"band\""));
        let many = figure("share", &lines, "step");
        assert!(!many.contains("class=\"band\"") && !many.contains("class=\"raw\""));
    }

    #[test]
    fn names_are_escaped_and_bands_are_drawn_for_several_runs() {
        let runs = [vec![(0.0, 1.0), (1.0, 0.5)], vec![(0.0, 2.0), (1.0, 0.7)]];
        let svg = figure("<loss>", &[Series::joined("a&b", &runs)], "step");
        assert!(svg.contains("&lt;loss&gt;") && svg.contains("a&amp;b") && !svg.contains("<loss>"));
        assert!(svg.contains("class=\"band\""));
        assert_eq!(svg.matches("class=\"raw\"").count(), 2, "each run behind the mean");
    }
}
