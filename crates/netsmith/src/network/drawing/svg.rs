//! The picture itself.

use std::fmt::Write as _;

use super::blocks::{Block, Diagram, grouped, shape_text};
use super::layout::Layout;
use crate::network::operation::BlockKind;
use crate::network::{Key, Network};

/// Height of a line of text.
const LINE: f64 = 15.0;
/// Mean width of a letter of the caption, which is bold.
const CAPTION_LETTER: f64 = 7.2;
/// Mean width of a letter of the details.
const DETAIL_LETTER: f64 = 5.9;
/// Empty space inside a box, at all sides together.
const PADDING: [f64; 2] = [22.0, 12.0];

/// Width and height of a box that holds its text.
pub(super) fn size(block: &Block) -> [f64; 2] {
    let letters = |text: &str| text.chars().count() as f64;
    let details = block
        .details
        .iter()
        .map(|line| letters(line) * DETAIL_LETTER);
    let width = details.fold(letters(&block.caption) * CAPTION_LETTER, f64::max);
    let lines = 1 + block.details.len();
    [width.ceil() + PADDING[0], LINE * lines as f64 + PADDING[1]]
}

/// The whole file.
pub(super) fn picture(
    network: &Network,
    title: &str,
    diagram: &Diagram,
    layout: &Layout,
) -> String {
    // Several pictures may stand in one page: names must differ.
    let id = &Key::of(network).to_string()[..8];
    let [width, height] = layout.size;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-labelledby=\"title-{id} description-{id}\" \
         font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\">\n\
         <title id=\"title-{id}\">{}</title>\n\
         <desc id=\"description-{id}\">{}</desc>\n\
         <defs><marker id=\"arrow-{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" \
         markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0,0.5 L8,4 L0,7.5 z\" fill=\"#475569\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        escaped(title),
        escaped(&description(network)),
    );
    let _ = writeln!(
        svg,
        "<g fill=\"none\" stroke=\"#475569\" stroke-width=\"1.3\" marker-end=\"none\">"
    );
    for line in &layout.lines {
        let _ = writeln!(
            svg,
            "<path d=\"{}\" marker-end=\"url(#arrow-{id})\"/>",
            path(line)
        );
    }
    svg += "</g>\n<g text-anchor=\"middle\" font-size=\"11\" fill=\"#334155\">\n";
    for (block, &place) in diagram.blocks.iter().zip(&layout.boxes) {
        svg += &rectangle(block, place);
    }
    svg + "</g>\n</svg>\n"
}

/// For those who cannot see the picture.
fn description(network: &Network) -> String {
    let count = network.nodes().len();
    let ends = |shapes: Vec<String>| shapes.join(" and ");
    let inputs = ends(network.inputs().map(shape_text).collect());
    let outputs = network.outputs().iter();
    let outputs = ends(
        outputs
            .map(|&node| shape_text(network.nodes()[node].shape))
            .collect(),
    );
    let mut text = format!(
        "A network of {count} operations with {} parameters and {} multiply-accumulate operations, \
         from {inputs} to {outputs}. In order: ",
        grouped(network.parameters()),
        grouped(network.macs()),
    );
    let mut runs: Vec<(String, usize)> = Vec::new();
    for node in network.nodes() {
        match runs.last_mut() {
            Some((name, count)) if name == node.operation.name() => *count += 1,
            _ => runs.push((node.operation.name().to_owned(), 1)),
        }
    }
    let runs = runs.iter().map(|(name, count)| match count {
        1 => name.clone(),
        more => format!("{more} times {name}"),
    });
    text += &runs.collect::<Vec<_>>().join(", ");
    text + "."
}

fn rectangle(block: &Block, [x, y]: [f64; 2]) -> String {
    let [width, height] = size(block);
    let [fill, stroke] = colours(block.kind);
    let radius = if matches!(block.kind, BlockKind::Port | BlockKind::Join) {
        height / 2.0
    } else {
        5.0
    };
    let mut text = format!(
        "<g><rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
         rx=\"{radius:.1}\" fill=\"{fill}\" stroke=\"{stroke}\"/>",
        x - width / 2.0,
    );
    if !block.paths.is_empty() {
        let _ = write!(text, "<title>{}</title>", escaped(&block.paths.join("\n")));
    }
    let mut baseline = y + PADDING[1] / 2.0 + LINE - 4.0;
    let _ = write!(
        text,
        "<text x=\"{x:.1}\" y=\"{baseline:.1}\" font-size=\"12\" font-weight=\"600\" \
         fill=\"#0f172a\">{}</text>",
        escaped(&block.caption)
    );
    for line in &block.details {
        baseline += LINE;
        let _ = write!(
            text,
            "<text x=\"{x:.1}\" y=\"{baseline:.1}\">{}</text>",
            escaped(line)
        );
    }
    text + "</g>\n"
}

/// Fill and border.
fn colours(kind: BlockKind) -> [&'static str; 2] {
    match kind {
        BlockKind::Convolution => ["#dbeafe", "#3b82f6"],
        BlockKind::Linear => ["#ede9fe", "#8b5cf6"],
        BlockKind::Pool => ["#dcfce7", "#22a35a"],
        BlockKind::Join => ["#fef3c7", "#d99a20"],
        BlockKind::Port => ["#e2e8f0", "#475569"],
        BlockKind::Move => ["#ffe4e6", "#e0647a"],
        BlockKind::Light => ["#f8fafc", "#94a3b8"],
    }
}

/// Straight where two corners lie above each other, else an S.
fn path(corners: &[[f64; 2]]) -> String {
    let mut text = format!("M{:.1},{:.1}", corners[0][0], corners[0][1]);
    for ends in corners.windows(2) {
        let ([x0, y0], [x1, y1]) = (ends[0], ends[1]);
        if (x0 - x1).abs() < 0.05 {
            let _ = write!(text, " V{y1:.1}");
        } else {
            let middle = (y0 + y1) / 2.0;
            let _ = write!(
                text,
                " C{x0:.1},{middle:.1} {x1:.1},{middle:.1} {x1:.1},{y1:.1}"
            );
        }
    }
    text
}

/// Text that XML takes as it is; control characters, which it never takes,
/// are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::network::operation::Linear;
    use crate::network::{Builder, Operation, Shape};

    #[test]
    fn a_picture_is_well_formed_and_says_what_it_shows() {
        let mut builder = Builder::new();
        let x = builder.input("<x> & \"y\"", Shape::vector(4));
        let head = Operation::Linear(Linear::new(3_usize));
        let head = builder.add("head", head, &[x]).expect("it fits");
        let svg = builder.finish(&[head]).drawing("a < b\u{1}");
        assert!(svg.contains(">a &lt; b</title>"));
        assert!(svg.contains("2 operations with 15 parameters and 12 multiply-accumulate"));
        assert!(svg.contains("from 4 to 3. In order: input, linear."));
        assert!(svg.contains("<title>&lt;x&gt; &amp; &quot;y&quot;</title>"));
        for tag in ["svg", "g", "text", "title", "desc"] {
            let opened = svg.matches(&format!("<{tag}>")).count();
            let with_attributes = svg.matches(&format!("<{tag} ")).count();
            let closed = svg.matches(&format!("</{tag}>")).count();
            assert_eq!(opened + with_attributes, closed, "{tag}");
        }
        assert!(!svg.contains("<script") && !svg.contains("href"));
    }
}
