//! The graph for programs that draw: Graphviz and Mermaid.
//!
//! Names from a log go into labels, where nothing in them can end a label or be taken for markup.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::tree::life;
use crate::output::Harmless;
use crate::owners::{Edge, Forest, NodeId, Place, Row, Ties};

/// A language that describes drawings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Dot,
    Mermaid,
}

/// How an edge looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Inferred,
    Circle,
}

/// What a node stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Object,
    Gone,
    Reference,
    Several,
}

/// Writes the graph in a language.
pub(super) fn write(
    language: Language,
    ties: &Ties<'_>,
    forest: &Forest<'_>,
    fold: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(language.head().as_bytes())?;
    let mut drawing = Drawing { language, ties, numbers: vec![None; ties.count()], next: 0 };
    forest.walk(fold, &mut |row, place| drawing.row(row, place, out))?;
    out.write_all(language.foot().as_bytes())
}

struct Drawing<'a> {
    language: Language,
    ties: &'a Ties<'a>,
    /// The number of each node that has been drawn.
    numbers: Vec<Option<usize>>,
    next: usize,
}

impl Drawing<'_> {
    fn row(&mut self, row: Row, place: Place<'_>, out: &mut impl Write) -> io::Result<()> {
        let (number, node) = match row {
            Row::Whole(node) | Row::Again(node) | Row::Circle(node) => (self.node(node, out)?, Some(node)),
            Row::More { count, below } => {
                let mut text = vec![format!("… and {count} more")];
                text.extend((below > 0).then(|| format!("with {below} below them")));
                (self.draw(&text, Stands::Several, out)?, None)
            }
        };
        let Some(owner) = place.parent else { return Ok(()) };
        let above = self.node(owner, out)?;
        let edge = node.and_then(|node| self.ties.above(node).iter().find(|edge| edge.owner == owner));
        let look = match (row, edge) {
            (Row::Circle(_), _) => Look::Circle,
            (_, Some(Edge { inferred: true, .. })) => Look::Inferred,
            _ => Look::Plain,
        };
        writeln!(out, "  {}", self.language.edge(above, number, look))
    }

    /// The number of a node, which is drawn when it comes first.
    fn node(&mut self, node: NodeId, out: &mut impl Write) -> io::Result<usize> {
        if let Some(number) = self.numbers[node] {
            return Ok(number);
        }
        let key = self.ties.key(node);
        let name = if key.namespace.is_empty() { key.name.clone() } else { key.ns_name() };
        let mut text = vec![key.kind.to_string(), name];
        text.extend(life(self.ties, node));
        let stands = match self.ties.object(node) {
            None => Stands::Reference,
            Some(_) if self.ties.is_there(node) => Stands::Object,
            Some(_) => Stands::Gone,
        };
        let number = self.draw(&text, stands, out)?;
        self.numbers[node] = Some(number);
        if self.ties.owns_itself(node) {
            writeln!(out, "  {}", self.language.edge(number, number, Look::Circle))?;
        }
        Ok(number)
    }

    fn draw(&mut self, text: &[String], stands: Stands, out: &mut impl Write) -> io::Result<usize> {
        let number = self.next;
        self.next += 1;
        writeln!(out, "  {}", self.language.node(number, text, stands))?;
        Ok(number)
    }
}

impl Language {
    fn head(self) -> &'static str {
        match self {
            Language::Dot => "digraph owners {\n  rankdir=LR;\n  node [shape=box];\n",
            Language::Mermaid => {
                "flowchart LR\n  classDef reference stroke-dasharray:4\n  classDef gone color:#888,stroke:#888\n  \
                 classDef several stroke:none\n"
            }
        }
    }

    fn foot(self) -> &'static str {
        match self {
            Language::Dot => "}\n",
            Language::Mermaid => "",
        }
    }

    fn node(self, number: usize, text: &[String], stands: Stands) -> String {
        let lines = text.iter().map(|line| self.escaped(line)).collect::<Vec<_>>();
        match self {
            Language::Dot => {
                let more = match stands {
                    Stands::Object => "",
                    Stands::Gone => ", color=gray, fontcolor=gray",
                    Stands::Reference => ", style=dashed",
                    Stands::Several => ", shape=plaintext",
                };
                format!("n{number} [label=\"{}\"{more}];", lines.join("\\n"))
            }
            Language::Mermaid => {
                let class = match stands {
                    Stands::Object => "",
                    Stands::Gone => ":::gone",
                    Stands::Reference => ":::reference",
                    Stands::Several => ":::several",
                };
                format!("n{number}[\"{}\"]{class}", lines.join("<br>"))
            }
        }
    }

    fn edge(self, owner: usize, owned: usize, look: Look) -> String {
        match (self, look) {
            (Language::Dot, Look::Plain) => format!("n{owner} -> n{owned};"),
            (Language::Dot, Look::Inferred) => format!("n{owner} -> n{owned} [style=dashed, label=inferred];"),
            (Language::Dot, Look::Circle) => format!("n{owner} -> n{owned} [color=red, label=circle];"),
            (Language::Mermaid, Look::Plain) => format!("n{owner} --> n{owned}"),
            (Language::Mermaid, Look::Inferred) => format!("n{owner} -. inferred .-> n{owned}"),
            (Language::Mermaid, Look::Circle) => format!("n{owner} == circle ==> n{owned}"),
        }
    }

    /// A line of a label, in which nothing means anything.
    fn escaped(self, line: &str) -> String {
        let line = Harmless(line).to_string();
        match self {
            Language::Dot => line.replace('\\', "\\\\").replace('"', "\\\""),
            Language::Mermaid => {
                let mut text = String::with_capacity(line.len());
                for c in line.chars() {
                    match c {
                        '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '*' | '_' | '~' | '$' | ';' => {
                            let _ = write!(text, "#{};", u32::from(c));
                        }
                        c => text.push(c),
                    }
                }
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_means_anything() {
        let hostile = "a\"];\n<b>`x`\\n#quot;\x1b";
        assert_eq!(Language::Dot.escaped(hostile), r#"a\"];\\n<b>`x`\\n#quot;\\u{1b}"#);
        let mermaid = Language::Mermaid.escaped(hostile);
        assert_eq!(mermaid, "a#34;]#59;#92;n#60;b#62;#96;x#96;#92;n#35;quot#59;#92;u{1b}");
    }
}
